//! Ownership where the filter only watches: nothing is sealed, and what has the form of a seal is taken off, whosever it is
//! (`docs/contract.md#ownership`), so that going back to shadow breaks no client.

use crate::support::fixture::{FQDN, config as small};
use crate::support::seal::{EEC_1, SECRET, in_environment};
use crate::support::token::{Key, claims, claims_with, now};
use eec_authn::config;
use eec_authn::exchange::Exchange;
use eec_authn::keys::NoHost;
use eec_authn::plugin_state::PluginState;
use eec_authn::request::RequestView;
use eec_authn::time::UnixTime;
use serde_json::json;
use std::rc::Rc;

const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";

/// The headers have arrived; the exchange, and the path that the upstream gets in place of the client's.
fn begun(mode: &str, method: &str, path: &str, token: &str) -> (Exchange, Option<String>) {
    let mut filter = small(&[&Key::new(1)]);
    filter["mode"] = json!(mode);
    filter["ownership"] = json!({"secret_env": ["SECRET"]});
    let secret = |name: &str| (name == "SECRET").then(|| in_environment(&SECRET));
    let policy = config::parse(filter.to_string().as_bytes(), &secret).expect("a good configuration").policy;
    let plugin = Rc::new(PluginState::new(policy, std::hash::RandomState::new()));
    let mut exchange = Exchange::new(plugin, 1);
    let bearer = format!("Bearer {token}");
    let pairs: Vec<(&[u8], &[u8])> = [
        (":method", method),
        (":path", path),
        (":authority", FQDN),
        ("content-type", "application/json"),
        ("authorization", &bearer),
    ]
    .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
    .into();
    let time = UnixTime::from_nanoseconds(u64::try_from(now()).expect("after 1970") * 1_000_000_000);
    let step = exchange.on_request_headers(&RequestView::new(&pairs, method == "DELETE"), time, &NoHost);
    let target = step.target.map(|path| String::from_utf8(path).expect("text"));
    (exchange, target)
}

#[test]
fn whatever_has_the_form_of_a_seal_is_taken_off() {
    let key = Key::new(1);
    let (good, expired) = (key.token(&claims()), key.token(&claims_with(json!({"exp": now() - 600}))));
    let own = EEC_1.seal(&SECRET, "r1");
    let seals = [own.as_str(), ".AAAAAAAAAAAAAAAAAAAAAA"];
    for (seal, token) in seals.iter().flat_map(|seal| [(seal, &good), (seal, &expired)]) {
        let path = format!("{REGISTRATIONS}/r1{seal}");
        let (_, target) = begun("shadow", "DELETE", &path, token);
        assert_eq!(target, Some(format!("{REGISTRATIONS}/r1")), "{seal}");
        // An item in normal form alone has an identifier.
        for path in [format!("{REGISTRATIONS}{seal}"), format!("{REGISTRATIONS}//r1{seal}")] {
            assert_eq!(begun("shadow", "DELETE", &path, token).1, None, "{path}");
        }
    }
    let plain = format!("{REGISTRATIONS}/r1");
    assert_eq!(begun("shadow", "DELETE", &plain, &good).1, None);
    // Where it is enforced, only a seal that opens is taken off.
    assert_eq!(begun("enforce", "DELETE", &format!("{plain}{own}"), &good).1, Some(plain.clone()));
    assert_eq!(begun("enforce", "DELETE", &format!("{plain}{}", seals[1]), &good).1, None);
}

#[test]
fn nothing_is_sealed() {
    let token = Key::new(1).token(&claims());
    let item = format!("{REGISTRATIONS}/r1{}", EEC_1.seal(&SECRET, "r1"));
    let body = br#"{"eecId":"eec-1"}"#;
    for (method, path) in [("POST", REGISTRATIONS), ("PUT", &item)] {
        for (mode, is_named) in [("shadow", false), ("enforce", true)] {
            let (mut exchange, _) = begun(mode, method, path, &token);
            exchange.on_request_body(body.len(), true, &|| Some(body.to_vec()));
            assert_eq!(exchange.take_named().is_some(), is_named, "{mode} {method}");
        }
    }
}
