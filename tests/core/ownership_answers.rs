//! What an attacker with a valid token makes a real server name in its answer, as far as he can: nothing of another client's is
//! sealed for him.

use crate::support::fixture::{FQDN, config as small};
use crate::support::seal::{EEC_1, SECRET, in_environment};
use crate::support::token::{Key, claims, now};
use eec_authn::config;
use eec_authn::counter::Counter;
use eec_authn::exchange::Exchange;
use eec_authn::keys::NoHost;
use eec_authn::ownership::{Answer, Sealing};
use eec_authn::plugin_state::PluginState;
use eec_authn::request::RequestView;
use eec_authn::time::UnixTime;
use serde_json::json;
use std::rc::Rc;

const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";
const OTHER_NAME: &str = "ees2.edge.example.net";

/// The headers of a registration of eec-1 at [`FQDN`] have gone on, and its body is to come.
fn registering() -> (Rc<PluginState>, Exchange) {
    let key = Key::new(1);
    let mut filter = small(&[&key]);
    filter["protects"]["fqdns"] = json!([FQDN, OTHER_NAME]);
    filter["ownership"] = json!({"secret_env": ["SECRET"]});
    let secret = |name: &str| (name == "SECRET").then(|| in_environment(&SECRET));
    let policy = config::parse(filter.to_string().as_bytes(), &secret).expect("a good configuration").policy;
    let plugin = Rc::new(PluginState::new(policy, std::hash::RandomState::new()));
    let mut exchange = Exchange::new(Rc::clone(&plugin), 1);
    let bearer = format!("Bearer {}", key.token(&claims()));
    let pairs: Vec<(&[u8], &[u8])> = [
        (":method", "POST"),
        (":path", REGISTRATIONS),
        (":authority", FQDN),
        ("content-type", "application/json"),
        ("authorization", &bearer),
    ]
    .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
    .into();
    let time = UnixTime::from_nanoseconds(u64::try_from(now()).expect("after 1970") * 1_000_000_000);
    exchange.on_request_headers(&RequestView::new(&pairs, false), time, &NoHost);
    (plugin, exchange)
}

/// What becomes of the answer 201 with this `Location` to that registration.
fn answered(location: &str) -> Sealing {
    answered_with(b"201", true, location)
}

/// The same of another status, and of an answer that another than the server may have given.
fn answered_with(status: &[u8], is_upstreams: bool, location: &str) -> Sealing {
    let (plugin, mut exchange) = registering();
    let body = br#"{"eecId":"eec-1"}"#;
    exchange.on_request_body(body.len(), true, &|| Some(body.to_vec()));
    let named = exchange.take_named().expect("a request that went on");
    let headers: [(&[u8], &[u8]); 2] = [(b":status", status), (b"location", location.as_bytes())];
    named.seal(&plugin.policy, &Answer { status, is_upstreams, headers: &headers })
}

fn sealed(location: &str) -> Option<String> {
    let Sealing { headers, count } = answered(location);
    match &headers[..] {
        [(_, value)] => {
            assert_eq!(count, Some(Counter::OwnershipSealed), "{location}");
            Some(String::from_utf8_lossy(value).into_owned())
        }
        others => {
            assert_eq!((others.len(), count), (0, Some(Counter::OwnershipUnsealable)), "{location}");
            None
        }
    }
}

#[test]
fn only_the_servers_own_201_names_what_was_made() {
    let own = format!("{REGISTRATIONS}/17");
    assert_eq!(answered_with(b"201", true, &own).headers.len(), 1);
    for (status, is_upstreams) in [(&b"200"[..], true), (b"303", true), (b"201", false), (b"200", false)] {
        let sealing = answered_with(status, is_upstreams, &own);
        assert_eq!(sealing, Sealing::default(), "{}, {is_upstreams}", status.escape_ascii());
    }
}

/// `docs/contract.md#ownership`: for all that the filter knows then, the request speaks for somebody else.
#[test]
fn an_answer_that_comes_before_the_body_was_checked_is_not_sealed() {
    let (_, mut exchange) = registering();
    assert!(exchange.take_named().is_none());
    let (_, mut exchange) = registering();
    let others = br#"{"eecId":"eec-2"}"#;
    exchange.on_request_body(others.len(), true, &|| Some(others.to_vec()));
    assert!(exchange.take_named().is_none());
}

/// Servers put what the client says in `x-forwarded-prefix` in front of the path of what was made (seen with Werkzeug 3.1's ProxyFix).
#[test]
fn a_location_that_begins_with_the_clients_words_is_not_sealed_for_what_they_name() {
    let own = format!("{REGISTRATIONS}/17");
    let victims = format!("{REGISTRATIONS}/16");
    assert_eq!(sealed(&own), Some(format!("{own}{}", EEC_1.seal(&SECRET, "17"))));
    for end in ["?", "#", "?x=", "?#", ""] {
        for start in ["", &format!("http://{FQDN}"), &format!("http://{FQDN}:80"), &format!("//{FQDN}")] {
            let location = format!("{start}{victims}{end}{own}");
            assert_eq!(sealed(&location), None, "{location}");
        }
    }
}

/// Servers take the host of a `Location` from `x-forwarded-host` (Werkzeug's ProxyFix) or from an `x-forwarded-prefix` of `//host`,
/// and count identifiers for themselves: what is 17 here is another's there.
#[test]
fn a_location_at_another_host_than_the_requests_is_not_sealed() {
    let own = format!("{REGISTRATIONS}/17");
    let seal = EEC_1.seal(&SECRET, "17");
    for start in
        [format!("http://{FQDN}"), format!("https://{FQDN}.:8443"), format!("//{}", FQDN.to_uppercase())]
    {
        assert_eq!(sealed(&format!("{start}{own}")), Some(format!("{start}{own}{seal}")));
    }
    for start in
        [format!("http://{OTHER_NAME}"), format!("//{OTHER_NAME}"), format!("HTTPS://{OTHER_NAME}.:8443")]
    {
        assert_eq!(sealed(&format!("{start}{own}")), None, "{start}");
    }
}
