//! What a key set says, plain or signed, with its certificate chains; and, with a configuration, which of its keys would be used
//! where it is fetched (`docs/contract.md#fetched-keys`), and why the others would not.

use super::checked_with::pinned;
use super::for_people::{dated, faults};
use crate::cli::Exit;
use crate::cli::failure::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use eec_authn::json::{self, Json};
use eec_authn::jwks_remote::{self, Answer, KeySetAnswer, Moment, StoredSet};
use eec_authn::keys::{Certificate, Jwk, KeySet, NoHost, PinnedKey};
use eec_authn::policy::{EntitlementServer, JwksRemote, Policy};
use eec_authn::time::UnixTime;
use serde_json::{Value, json as object};

/// A key set.
pub(super) struct Set<'a> {
    text: &'a str,
    document: Json,
    /// Header and claims, if it is signed.
    signed: Option<(Value, Value)>,
}

impl<'a> Set<'a> {
    /// The key set in `text`, if it is one: a JSON object with `keys`, or a JWS whose `typ` or claims say so.
    pub(super) fn read(text: &'a str) -> Result<Option<Set<'a>>, Failure> {
        if text.starts_with('{') {
            let neither =
                Failure::because("not a JWK and no key set: not strict JSON, so that it would be refused");
            let document = json::parse(text.as_bytes()).map_err(neither)?;
            return Ok(document.get("keys").is_some().then_some(Set { text, document, signed: None }));
        }
        let parts: Vec<&str> = text.split('.').collect();
        let [header, payload, _] = parts.as_slice() else { return Ok(None) };
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let (Some(header), Some(payload)) = (decoded(header), decoded(payload)) else { return Ok(None) };
        let value = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
        let (Some(header), Some(claims)) = (value(&header), value(&payload)) else { return Ok(None) };
        let is_said = header.get("typ").and_then(Value::as_str) == Some("jwk-set+jwt");
        if !is_said && claims.get("keys").is_none() {
            return Ok(None);
        }
        let not_strict = Failure::because("the key set is not strict JSON, so that it would be refused");
        let document = json::parse(&payload).map_err(not_strict)?;
        Ok(Some(Set { text, document, signed: Some((header, claims)) }))
    }

    fn items(&self) -> &[Json] {
        self.document.get("keys").and_then(Json::as_array).unwrap_or_default()
    }

    /// What it says.
    pub(super) fn shown(&self) -> Value {
        let keys: Vec<Value> = self.items().iter().map(shown_key).collect();
        let Some((header, claims)) = &self.signed else { return object!({"kind": "key set", "keys": keys}) };
        let mut claims = claims.clone();
        claims.as_object_mut().map(|claims| claims.remove("keys"));
        let time = |name: &str| claims.get(name).and_then(Value::as_f64).map(dated);
        let times = object!({"iat": time("iat"), "exp": time("exp")});
        object!({
            "kind": "key set, signed, not verified", "header": header, "claims": claims, "times": times, "keys": keys,
        })
    }

    /// What becomes of it at each server that fetches its keys. The exit code tells whether it is of use to one of them.
    pub(super) fn shown_for(&self, policy: &Policy, now: UnixTime) -> Result<(Value, Exit), Failure> {
        let skew = policy.token.clock_skew_seconds;
        let moment = Moment { now, fetched_at: now, skew, newest_issue: None };
        let mut is_of_use = false;
        let servers = policy.fetching().map(|(server, remote)| {
            let read = self.read_for(server, remote, &moment);
            is_of_use |= read.is_ok();
            object!({
                "path": format!("entitlement_servers[{}]", server.number),
                "entitlement_server": server.identity.as_str(),
                "usable": read.is_ok(),
                "because": read.as_ref().err(),
                "keys": self.judged(server, remote, &moment, read.as_ref().ok()),
            })
        });
        let servers: Vec<Value> = servers.collect();
        if servers.is_empty() {
            return Err(Failure::new(
                "no server in the configuration has a `jwks_remote`, so nobody fetches a set",
            ));
        }
        let mut shown = self.shown();
        shown["fetched_by"] = object!(servers);
        Ok((shown, if is_of_use { Exit::Fine } else { Exit::Denied }))
    }

    fn read_for(
        &self,
        server: &EntitlementServer,
        remote: &JwksRemote,
        moment: &Moment,
    ) -> Result<KeySetAnswer, String> {
        read(server, remote, self.text.as_bytes(), moment)
    }

    /// Each key, whether it would be used, and why not.
    fn judged(
        &self,
        server: &EntitlementServer,
        remote: &JwksRemote,
        moment: &Moment,
        whole: Option<&KeySetAnswer>,
    ) -> Vec<Value> {
        let mut used: Vec<&PinnedKey> = whole.into_iter().flat_map(|set| &set.keys).collect();
        // One key at a time: as if its set were plain, and had this key alone.
        let plain = JwksRemote { signed_by: KeySet::default(), ..remote.clone() };
        let alone = self.items().iter().map(|item| {
            let body = Json::object([("keys", Json::Array(vec![item.clone()]))]).to_string();
            let alone = read(server, &plain, body.as_bytes(), moment);
            let (because, key) = match &alone {
                Err(because) => (
                    Some(because.trim_start_matches("the set has no usable key: keys[0]").trim_start()),
                    None,
                ),
                Ok(set) => match set.keys.first() {
                    None => (Some("is pinned as well, and needs no fetch"), None),
                    Some(key) => match used.iter().position(|used| is_same(used, key)) {
                        Some(place) => (None, Some(used.swap_remove(place))),
                        None if whole.is_none() => (Some("would be usable, but its set is not"), Some(key)),
                        None => (
                            Some(
                                "comes after another of its kid and algorithm, or after too many signatures",
                            ),
                            None,
                        ),
                    },
                },
            };
            let mut shown = key.map_or(object!({"kid": item.get("kid").and_then(Json::as_str)}), pinned);
            shown["usable"] = object!(because.is_none());
            shown["because"] = object!(because);
            if because.is_none() && key.is_some_and(|key| !key.window.contains(moment.now)) {
                shown["because"] = object!("outside its dates now: a token of it is key_not_valid_now");
            }
            shown
        });
        alone.collect()
    }
}

fn read(
    server: &EntitlementServer,
    remote: &JwksRemote,
    body: &[u8],
    moment: &Moment,
) -> Result<KeySetAnswer, String> {
    let media_types = [StoredSet::media_type(remote)];
    let answer = Answer { status: Some(200), content_types: &media_types, content_encodings: &[], body };
    jwks_remote::read(server, remote, &answer, moment, &NoHost).map_err(|failure| failure.because)
}

fn is_same(one: &PinnedKey, other: &PinnedKey) -> bool {
    one.kid == other.kid
        && one.key.algorithm() == other.key.algorithm()
        && one.key.thumbprint() == other.key.thumbprint()
}

/// A key by itself.
fn shown_key(item: &Json) -> Value {
    let certificates = item.get("x5c").and_then(Json::as_array).map(|chain| {
        chain.iter().map(|text| text.as_str().map_or(Value::Null, shown_certificate)).collect::<Vec<_>>()
    });
    let mut shown = match Jwk::parse(item) {
        Ok(jwk) => object!({
            "kid": jwk.kid, "alg": jwk.key.algorithm().name(), "thumbprint": jwk.key.thumbprint(),
            "x5t#S256": jwk.x5t_s256,
        }),
        Err(errors) => object!({
            "kid": item.get("kid").and_then(Json::as_str), "unusable": faults(errors).to_string(),
        }),
    };
    if let Some(certificates) = certificates {
        shown["chain"] = object!(certificates);
    }
    shown
}

fn shown_certificate(base64: &str) -> Value {
    let outline = STANDARD.decode(base64).ok().and_then(|der| Certificate::outline(&der));
    let Some(outline) = outline else { return object!("no certificate in base64") };
    let time = |time: Option<UnixTime>| time.map(|time| dated(time.seconds()));
    object!({
        "dns_names": outline.dns_names,
        "not_before": time(outline.window.not_before),
        "not_after": time(outline.window.not_after),
        "x5t#S256": outline.x5t_s256,
    })
}
