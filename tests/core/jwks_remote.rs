//! What a server's answer comes to when its keys are fetched: signed sets, read by every rule of `docs/contract.md#fetched-keys`.

use crate::support::fixture::{FQDN, ISSUER, config as small};
use crate::support::foreign;
use crate::support::token::{Key, base64url};
use eec_authn::config;
use eec_authn::decision::DenyReason;
use eec_authn::exchange::rehearsal::{Decision, Rehearsal, Wait, play};
use eec_authn::jwks_remote::{Answer, Brought, KeySetAnswer, Moment, Taken, read};
use eec_authn::keys::{Algorithm, HostVerifier, NoHost};
use eec_authn::plugin_state::PluginState;
use eec_authn::policy::Policy;
use eec_authn::request::RequestView;
use eec_authn::time::UnixTime;
use serde_json::{Value, json};
use std::hash::RandomState;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

const NOW: f64 = 1_796_000_000.0;

fn policy(server: &Value) -> Policy {
    let mut filter = small(&[]);
    for (name, value) in server.as_object().expect("members") {
        filter["entitlement_servers"][0][name] = value.clone();
    }
    config::parse(filter.to_string().as_bytes(), &|_| None).expect("a good configuration").policy
}

fn moment() -> Moment {
    let at = |seconds| UnixTime::new(seconds).expect("a time");
    Moment { now: at(NOW), fetched_at: at(NOW), skew: 30.0, newest_issue: Some(NOW - 100.0) }
}

/// Until when the set in this answer holds, or why it is none.
fn until(policy: &Policy, content_type: &str, body: &str, moment: &Moment) -> Result<f64, String> {
    read_set(policy, content_type, body, moment).map(|set| set.until.seconds() - NOW)
}

fn read_set(
    policy: &Policy,
    content_type: &str,
    body: &str,
    moment: &Moment,
) -> Result<KeySetAnswer, String> {
    let server = &policy.entitlement_servers[0];
    let remote = server.jwks_remote.as_ref().expect("it fetches");
    let content_types = [content_type.as_bytes()];
    let answer = Answer {
        status: Some(200),
        content_types: &content_types,
        content_encodings: &[],
        body: body.as_bytes(),
    };
    read(server, remote, &answer, moment, &NoHost).map_err(|failure| failure.because)
}

/// The claims of a good set with changes; a null takes one away.
fn claims(changes: &Value) -> Value {
    let mut claims =
        json!({"iss": ISSUER, "iat": NOW - 10.0, "exp": NOW + 600.0, "keys": [Key::new(1).jwk()]});
    for (name, value) in changes.as_object().expect("changes") {
        match value {
            Value::Null => drop(claims.as_object_mut().expect("claims").remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

const TYPE: &str = "application/jwk-set+jwt";

#[test]
fn a_signed_set_is_held_to_every_rule() {
    let signer = Key::new(7);
    let policy =
        policy(&json!({"keys": [{"jwks_remote": {"cluster": "es", "signed_by": {"jwk": signer.jwk()}}}]}));
    let header = json!({"alg": "EdDSA", "typ": "jwk-set+jwt", "kid": "k7"});
    let with = |header: &Value, changes: Value| signer.token_with(header, &claims(&changes));
    let changed = |name: &str, value: Value| {
        let mut header = header.clone();
        match value {
            Value::Null => drop(header.as_object_mut().expect("a header").remove(name)),
            value => header[name] = value,
        }
        with(&header, json!({}))
    };
    let good = [
        ("as it should be", with(&header, json!({})), 600.0),
        ("no kid", changed("kid", Value::Null), 600.0),
        ("the long typ", changed("typ", json!("application/JWK-SET+jwt")), 600.0),
        ("sub", with(&header, json!({"sub": format!("https://{ISSUER}/")})), 600.0),
        ("iat of now and a little", with(&header, json!({"iat": NOW + 29.0})), 600.0),
        ("iat of now and all of the skew", with(&header, json!({"iat": NOW + 30.0})), 600.0),
        ("nbf of now and all of the skew", with(&header, json!({"nbf": NOW + 30.0})), 600.0),
        ("iat as old as the newest", with(&header, json!({"iat": NOW - 100.0})), 600.0),
        ("no longer than a set holds", with(&header, json!({"exp": NOW + 1e9})), 86_400.0),
        ("exp to the last moment", with(&header, json!({"exp": NOW + 0.5})), 0.5),
    ];
    for (name, set, holds) in good {
        assert_eq!(until(&policy, TYPE, &set, &moment()), Ok(holds), "{name}");
    }
    let typ = json!({"alg": "EdDSA", "typ": "jwk-set+jwt"});
    let stranger = Key::new(8);
    let unsigned = format!(
        "{}.{}.",
        base64url(r#"{"alg":"none","typ":"jwk-set+jwt"}"#),
        base64url(claims(&json!({})).to_string())
    );
    let (payload, mut repeated) = (claims(&json!({})).to_string(), claims(&json!({})).to_string());
    repeated.insert_str(1, r#""iat":1796000000,"#);
    let bad: Vec<(&str, String, &str)> = vec![
        ("another typ", changed("typ", json!("JWT")), "`typ`"),
        ("no typ", changed("typ", Value::Null), "`typ`"),
        ("another kid", changed("kid", json!("k1")), "`signed_by`"),
        ("kid is no string", changed("kid", json!(7)), "not a string"),
        ("another alg", changed("alg", json!("ES256")), "`signed_by`"),
        ("no alg", changed("alg", Value::Null), "compact JWS"),
        ("crit", changed("crit", json!(["b64"])), "compact JWS"),
        (
            "a key of its own",
            stranger.token_with(
                &json!({"alg": "EdDSA", "typ": "jwk-set+jwt", "jwk": stranger.jwk()}),
                &claims(&json!({})),
            ),
            "signature",
        ),
        ("by another key", stranger.token_with(&typ, &claims(&json!({}))), "signature"),
        ("by a key of the set", Key::new(1).token_with(&typ, &claims(&json!({}))), "signature"),
        ("unsigned", unsigned, "`signed_by`"),
        ("plain", payload, "compact JWS"),
        ("a member twice", signer.token_of(header.to_string(), repeated), "strict JSON"),
        ("white space around it", format!("{}\n", with(&header, json!({}))), "base64url"),
        ("no iss", with(&header, json!({"iss": null})), "`iss`"),
        ("another iss", with(&header, json!({"iss": "other.example.org"})), "`iss`"),
        ("another sub", with(&header, json!({"sub": "other.example.org"})), "`sub`"),
        ("sub is no string", with(&header, json!({"sub": [ISSUER]})), "`sub`"),
        ("no iat", with(&header, json!({"iat": null})), "`iat` or `exp`"),
        ("iat is no number", with(&header, json!({"iat": "1796000000"})), "`iat` or `exp`"),
        ("no exp", with(&header, json!({"exp": null})), "`iat` or `exp`"),
        ("past its exp, without skew", with(&header, json!({"exp": NOW})), "`exp`"),
        ("iat ahead of the skew", with(&header, json!({"iat": NOW + 31.0})), "future"),
        ("nbf ahead of the skew", with(&header, json!({"nbf": NOW + 31.0})), "future"),
        ("older than the newest", with(&header, json!({"iat": NOW - 100.5})), "older"),
        ("no keys", with(&header, json!({"keys": null})), "`keys`"),
        ("no usable key", with(&header, json!({"keys": [{"kty": "oct", "k": "AA"}]})), "no usable key"),
    ];
    for (name, set, because) in bad {
        let result = until(&policy, TYPE, &set, &moment());
        assert!(result.as_ref().is_err_and(|found| found.contains(because)), "{name}: {result:?}");
    }
    for media_type in ["application/jwt", "application/json", "application/jwk-set+json", "text/plain"] {
        let result = until(&policy, media_type, &with(&header, json!({})), &moment());
        assert!(result.is_err_and(|because| because.contains("declared")), "{media_type}");
    }
    assert_eq!(
        until(&policy, "Application/JWK-set+JWT ; charset=x", &with(&header, json!({})), &moment()),
        Ok(600.0)
    );
}

#[test]
fn a_signer_has_dates_and_an_issuer_its_own_name() {
    let signer = Key::new(7);
    let header = json!({"alg": "EdDSA", "typ": "jwk-set+jwt"});
    let signed_by = json!({"jwk": signer.jwk(), "not_after": "2026-11-30T00:58:20Z"});
    // 2026-11-30T00:53:20Z is now.
    let server = json!({"issuer": "https://as.example.org/realm", "keys": [{"jwks_remote": {"cluster": "es", "signed_by": signed_by}}]});
    let policy = policy(&server);
    let set = |changes: Value| signer.token_with(&header, &claims(&changes));
    let good = set(json!({"iss": "https://as.example.org/realm"}));
    assert_eq!(until(&policy, TYPE, &good, &moment()), Ok(600.0));
    assert!(until(&policy, TYPE, &set(json!({})), &moment()).is_err_and(|because| because.contains("`iss`")));
    let later = Moment { now: moment().now.plus(400.0), ..moment() };
    assert!(until(&policy, TYPE, &good, &later).is_err_and(|because| because.contains("dates")));
}

#[test]
fn a_set_gets_stale_from_when_it_was_asked_for() {
    let policy = policy(&json!({"keys": [{"jwks_remote": {"cluster": "es", "max_stale_seconds": 100}}]}));
    let earlier = Moment { fetched_at: moment().now.plus(-40.0), ..moment() };
    let set = json!({"keys": [Key::new(1).jwk()]}).to_string();
    assert_eq!(until(&policy, "application/json", &set, &earlier), Ok(60.0));
    assert_eq!(until(&policy, "application/jwk-set+json;charset=utf-8", &set, &moment()), Ok(100.0));
}

#[test]
fn a_set_has_a_longest_size() {
    let policy = policy(&json!({"keys": [{"jwks_remote": {"cluster": "es"}}]}));
    let set = json!({"keys": [Key::new(1).jwk()]}).to_string();
    let padded = |length: usize| format!("{set}{}", " ".repeat(length - set.len()));
    assert!(until(&policy, "application/json", &padded(262_144), &moment()).is_ok());
    for length in [262_145, 300_000] {
        let result = until(&policy, "application/json", &padded(length), &moment());
        assert_eq!(result, Err("the answer is longer than 256 KiB".into()));
    }
}

#[test]
fn of_keys_that_a_token_cannot_tell_apart_the_first_counts() {
    let policy = policy(&json!({"keys": [{"jwks_remote": {"cluster": "es"}}]}));
    let (named, nameless) = (Key::new(1).jwk(), Key::anonymous(1).jwk());
    let mut other_name = named.clone();
    other_name["kid"] = json!("another");
    let mut namesake = Key::new(2).jwk();
    namesake["kid"] = named["kid"].clone();
    for (keys, usable) in [
        (vec![&named, &nameless], 2),
        (vec![&nameless, &named], 2),
        (vec![&named, &other_name], 2),
        (vec![&named, &named], 1),
        (vec![&nameless, &nameless], 1),
        (vec![&named, &namesake], 1),
    ] {
        let set = json!({"keys": keys}).to_string();
        let set = read_set(&policy, "application/json", &set, &moment()).expect("a set");
        assert_eq!(set.keys.len(), usable, "{keys:?}");
    }
}

#[test]
fn a_set_is_told_of_by_number_size_age_and_issue() {
    let signer = Key::new(7);
    let policy =
        policy(&json!({"keys": [{"jwks_remote": {"cluster": "es", "signed_by": {"jwk": signer.jwk()}}}]}));
    let plugin = PluginState::new(policy, RandomState::new());
    let now = moment().now;
    let told = |later: f64| {
        let fetched = plugin.fetched.borrow();
        let at = now.plus(later);
        let age = fetched.fetched_at(0).map(|fetched_at| at.seconds() - fetched_at.seconds());
        (fetched.set_number(0), (fetched.size(0, at), age), fetched.newest_issue(0))
    };
    assert_eq!(told(0.0), (0, (0, None), None));
    let take = |number: u64, issued_at: f64, keys: &[&Key]| {
        let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
        let claims = claims(&json!({"iat": issued_at, "keys": keys}));
        let set = signer.token_with(&json!({"alg": "EdDSA", "typ": "jwk-set+jwt"}), &claims);
        let set = read_set(&plugin.policy, TYPE, &set, &moment()).expect("a set");
        plugin.fetched.borrow_mut().take(&plugin.policy.entitlement_servers[0], number, now, set)
    };
    let (one, two) = (Key::new(1), Key::new(2));
    assert_eq!(take(7, NOW - 10.0, &[&one]), Taken { brought: Brought::New, gone: vec![] });
    assert_eq!(told(5.0), (7, (1, Some(5.0)), Some(NOW - 10.0)));
    assert_eq!(told(600.0), (7, (0, Some(600.0)), Some(NOW - 10.0)));
    assert_eq!(take(9, NOW - 20.0, &[&one]), Taken { brought: Brought::Same, gone: vec![] });
    assert_eq!(told(0.0), (9, (1, Some(0.0)), Some(NOW - 10.0)));
    let taken = take(10, NOW - 5.0, &[&two, &one]);
    assert_eq!(taken, Taken { brought: Brought::New, gone: vec![] });
    assert_eq!(told(0.0), (10, (2, Some(0.0)), Some(NOW - 5.0)));
    let taken = take(11, NOW - 5.0, &[&two]);
    assert_eq!((taken.brought, taken.gone.len()), (Brought::Same, 1));
}

/// What becomes of a DELETE with `token`, so many seconds from now.
fn decided(plugin: &Rc<PluginState>, token: &str, later: f64) -> Option<DenyReason> {
    let (path, bearer) = ("/eees-eecregistration/v1/registrations/r1", format!("Bearer {token}"));
    let pairs = [(":method", "DELETE"), (":path", path), (":authority", FQDN), ("authorization", &bearer)];
    let pairs = pairs.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let rehearsal = Rehearsal {
        request: RequestView::new(&pairs, true),
        body: None,
        trailers: None,
        answer: &|_| panic!("nobody is asked"),
        wait: Wait::Short,
    };
    match play(plugin, &rehearsal, moment().now.plus(later), &NoHost).decision {
        Decision::Allowed => None,
        Decision::Denied(denial, _) => Some(denial.reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_token_is_kept_no_longer_than_the_newest_set_with_its_key() {
    let (signer, key) = (Key::new(7), Key::new(1));
    let remote = json!({"cluster": "es", "signed_by": {"jwk": signer.jwk()}});
    let policy = policy(&json!({"keys": [{"jwks_remote": remote}]}));
    let plugin = Rc::new(PluginState::new(policy, RandomState::new()));
    let take = |number: u64, seconds: f64| {
        let header = json!({"alg": "EdDSA", "typ": "jwk-set+jwt"});
        let set = signer.token_with(&header, &claims(&json!({"exp": NOW + seconds})));
        let set = read_set(&plugin.policy, TYPE, &set, &moment()).expect("a set");
        plugin.take_set(&plugin.policy.entitlement_servers[0], number, moment().now, set);
    };
    let token = key
        .token(&json!({"iss": ISSUER, "sub": "eec-1", "aud": FQDN, "iat": NOW - 1.0, "exp": NOW + 3_000.0}));
    take(1, 2_000.0);
    assert_eq!(decided(&plugin, &token, 0.0), None);
    // The key stays, and its set is to end before the one that the token was seen with.
    take(2, 600.0);
    assert_eq!(decided(&plugin, &token, 599.0), None);
    assert_eq!(decided(&plugin, &token, 600.0), Some(DenyReason::EntitlementUnavailable));
    take(3, 2_000.0);
    assert_eq!(decided(&plugin, &token, 1_999.0), None);
    assert_eq!(decided(&plugin, &token, 2_000.0), Some(DenyReason::EntitlementUnavailable));
}

/// Which one stays makes no difference.
#[test]
fn a_token_is_forgotten_with_the_key_that_has_verified_it_and_no_other() {
    let keys = [Key::new(1), Key::new(2), Key::new(3)];
    let own = json!({"iss": ISSUER, "sub": "eec-1", "aud": FQDN, "iat": NOW - 1.0, "exp": NOW + 3_000.0});
    for stays in 0..keys.len() {
        let policy = policy(&json!({"keys": [{"jwks_remote": {"cluster": "es"}}]}));
        let plugin = Rc::new(PluginState::new(policy, RandomState::new()));
        let take = |number: u64, keys: &[&Key]| {
            let set = json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()}).to_string();
            let set = read_set(&plugin.policy, "application/json", &set, &moment()).expect("a set");
            plugin.take_set(&plugin.policy.entitlement_servers[0], number, moment().now, set);
        };
        take(1, &keys.each_ref());
        let tokens = keys.each_ref().map(|key| key.token(&own));
        tokens.iter().for_each(|token| assert_eq!(decided(&plugin, token, 0.0), None));
        take(2, &[&keys[stays]]);
        let kept = tokens.each_ref().map(|token| plugin.tokens.borrow_mut().get(token.as_bytes()).is_some());
        assert_eq!(kept, std::array::from_fn(|number| number == stays), "{stays} stays");
        for (number, token) in tokens.iter().enumerate() {
            assert_eq!(
                decided(&plugin, token, 0.0).is_none(),
                number == stays,
                "{number} where {stays} stays"
            );
        }
    }
}

#[test]
fn a_key_is_another_one_under_the_same_name_and_under_another_name() {
    let own = json!({"iss": ISSUER, "sub": "eec-1", "aud": FQDN, "iat": NOW - 1.0, "exp": NOW + 3_000.0});
    let policy = policy(&json!({"keys": [{"jwks_remote": {"cluster": "es"}}]}));
    let plugin = Rc::new(PluginState::new(policy, RandomState::new()));
    let [first, mut replaced, mut renamed] = [1, 2, 2].map(Key::new);
    replaced.kid.clone_from(&first.kid);
    renamed.kid = Some("renamed".into());
    let keys = [first, replaced, renamed];
    let tokens = keys.each_ref().map(|key| key.token(&own));
    for (number, key) in keys.iter().enumerate() {
        let set = json!({"keys": [key.jwk()]}).to_string();
        let set = read_set(&plugin.policy, "application/json", &set, &moment()).expect("a set");
        let server = &plugin.policy.entitlement_servers[0];
        assert_eq!(plugin.take_set(server, number as u64, moment().now, set), Brought::New, "{number}");
        for (of, token) in tokens.iter().enumerate() {
            assert_eq!(decided(&plugin, token, 0.0).is_none(), of == number, "token {of}, set {number}");
        }
    }
}

#[test]
fn who_fetches_keys_is_fetched_from_and_nobody_else() {
    let fetching = policy(&json!({"keys": [{"jwks_remote": {"cluster": "es"}}]}));
    let clusters: Vec<&str> = fetching.fetching().map(|(_, remote)| &*remote.cluster).collect();
    assert_eq!(clusters, ["es"]);
    assert_eq!(policy(&json!({"keys": [{"jwk": Key::new(1).jwk()}]})).fetching().count(), 0);
}

#[test]
fn a_set_that_has_only_what_is_pinned_is_a_good_one() {
    let (pinned, other) = (Key::new(1), Key::new(2));
    let policy = policy(&json!({"keys": [{"jwk": pinned.jwk()}, {"jwks_remote": {"cluster": "es"}}]}));
    let set = |key: &Value| json!({"keys": [key]}).to_string();
    let read = |key: &Value| read_set(&policy, "application/json", &set(key), &moment());
    let taken = read(&pinned.jwk()).expect("a set");
    assert!(taken.keys.is_empty() && taken.left_out.is_none(), "{taken:?}");
    let mut impostor = other.jwk();
    impostor["kid"] = pinned.jwk()["kid"].clone();
    assert!(read(&impostor).is_err_and(|because| because.contains("another key")));
    // With it, an unknown name is one; without any set, nobody could tell.
    let plugin = Rc::new(PluginState::new(policy, RandomState::new()));
    let token = other
        .token(&json!({"iss": ISSUER, "sub": "eec-1", "aud": FQDN, "iat": NOW - 1.0, "exp": NOW + 3_000.0}));
    assert_eq!(decided(&plugin, &token, 0.0), Some(DenyReason::EntitlementUnavailable));
    plugin.take_set(&plugin.policy.entitlement_servers[0], 1, moment().now, taken);
    assert_eq!(decided(&plugin, &token, 0.0), Some(DenyReason::KeyUnknown));
}

#[test]
fn what_a_certificate_calls_itself_does_not_fill_the_log() {
    let root = foreign::run("chains.py", &json!({"name": format!("{}.example.org", "x".repeat(5_000))}));
    let case = &root[0];
    let remote = json!({"cluster": "es", "trust_anchors_pem": case["anchors"]});
    let policy = policy(&json!({"keys": [{"jwks_remote": remote}]}));
    let set = json!({"keys": [case["key"]]}).to_string();
    let because = read_set(&policy, "application/json", &set, &moment()).expect_err("another name");
    assert!(because.contains("other hosts") && because.len() < 600, "{} bytes", because.len());
}

/// A host that verifies nothing and counts what it is asked.
#[derive(Default)]
struct Counting(AtomicUsize);

impl HostVerifier for Counting {
    fn verify(&self, _: Algorithm, _: &[u8], _: &[u8], _: &[u8]) -> Option<bool> {
        self.0.fetch_add(1, Ordering::Relaxed);
        None
    }
}

/// While a set is read, a worker does nothing else; what a stranger can make it do is little.
#[test]
fn the_host_verifies_chains_and_few_bad_ones_are_looked_at() {
    let cases = foreign::run("chains.py", &json!({"name": ISSUER}));
    let find = |name: &str| {
        cases.as_array().expect("cases").iter().find(|case| case["name"] == name).expect("a case").clone()
    };
    let now = UnixTime::new(crate::support::token::now() as f64).expect("a time");
    let moment = Moment { now, fetched_at: now, skew: 30.0, newest_issue: None };
    for (name, keys, asked) in [("by one in between", Some(64), 128), ("a forged signature", None, 16)] {
        let case = find(name);
        let remote = json!({"cluster": "es", "trust_anchors_pem": case["anchors"]});
        let policy = policy(&json!({"keys": [{"jwks_remote": remote}]}));
        let with_name = |n: usize| {
            let mut key = case["key"].clone();
            key["kid"] = json!(n.to_string());
            key
        };
        let body = json!({"keys": (0..64).map(with_name).collect::<Vec<_>>()}).to_string();
        let (server, host) = (&policy.entitlement_servers[0], Counting::default());
        let answer = Answer {
            status: Some(200),
            content_types: &[b"application/json"],
            content_encodings: &[],
            body: body.as_bytes(),
        };
        let remote = server.jwks_remote.as_ref().expect("it fetches");
        let read = read(server, remote, &answer, &moment, &host);
        assert_eq!(read.ok().map(|set| set.keys.len()), keys, "{name}");
        // A bad signature takes one question, or two where the authority above is asked about first.
        let found = host.0.load(Ordering::Relaxed);
        assert!((asked..=2 * asked).contains(&found), "{name}: {found}");
    }
}

/// Chains that OpenSSL has made.
#[test]
fn a_key_is_held_to_its_chain() {
    let cases = foreign::run("chains.py", &json!({"name": ISSUER}));
    let cases = cases.as_array().expect("cases");
    assert!(cases.len() > 40, "{}", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let remote = json!({"cluster": "es", "trust_anchors_pem": case["anchors"]});
        let policy = policy(&json!({"keys": [{"jwks_remote": remote}]}));
        let server = &policy.entitlement_servers[0];
        let body = json!({"keys": [case["key"]]}).to_string();
        let content_types = [&b"application/json"[..]];
        let answer = Answer {
            status: Some(200),
            content_types: &content_types,
            content_encodings: &[],
            body: body.as_bytes(),
        };
        let now = UnixTime::new(crate::support::token::now() as f64).expect("a time");
        let moment = Moment { now, fetched_at: now, skew: 30.0, newest_issue: None };
        let remote = server.jwks_remote.as_ref().expect("it fetches");
        let found = match read(server, remote, &answer, &moment, &NoHost) {
            Ok(set) => {
                let window = set.keys[0].window;
                json!([window.not_before, window.not_after].map(|time| time.map(UnixTime::seconds)))
            }
            Err(_) => Value::Null,
        };
        let wanted = &case["window"];
        let same =
            (0..2).all(|n| found[n].as_f64() == wanted[n].as_f64()) && found.is_null() == wanted.is_null();
        if !same {
            let why = read(server, remote, &answer, &moment, &NoHost).err();
            wrong.push(format!("{}: {found} should be {wanted}: {why:?}", case["name"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
