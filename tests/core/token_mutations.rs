//! A valid token with any part of it changed is refused by name, and never with a panic.

use crate::support::fixture;
use crate::support::token::{Key, claims, now};
use eec_authn::config;
use eec_authn::decision::DenyReason;
use eec_authn::exchange::rehearsal::{Rehearsal, Wait, play};
use eec_authn::introspection::{Cause, TokenStatus};
use eec_authn::keys::NoHost;
use eec_authn::plugin_state::PluginState;
use eec_authn::request::RequestView;
use eec_authn::time::UnixTime;
use std::hash::RandomState;
use std::rc::Rc;

fn plugin(key: &Key) -> Rc<PluginState> {
    let loaded = config::parse(fixture::config(&[key]).to_string().as_bytes(), &|_| None);
    Rc::new(PluginState::new(loaded.expect("a good configuration").policy, RandomState::new()))
}

/// The reason for which the value of an Authorization header is refused.
fn refused(plugin: &Rc<PluginState>, authorization: &[u8]) -> Option<DenyReason> {
    let pairs: [(&[u8], &[u8]); 4] = [
        (b":method", b"DELETE"),
        (b":path", b"/eees-eecregistration/v1/registrations/r1"),
        (b":authority", fixture::FQDN.as_bytes()),
        (b"authorization", authorization),
    ];
    let request = RequestView::new(&pairs, true);
    let now = UnixTime::new(now() as f64).expect("a time");
    let answer = &|_: &_| Some(TokenStatus::Unavailable(Cause::Timeout));
    let rehearsal = Rehearsal { request, body: None, trailers: None, answer, wait: Wait::Short };
    play(plugin, &rehearsal, now, &NoHost).denial().map(|denial| denial.reason)
}

#[test]
fn every_single_change_of_a_token_is_refused() {
    let key = Key::new(1);
    let plugin = plugin(&key);
    let good = format!("Bearer {}", key.token(&claims())).into_bytes();
    assert_eq!(refused(&plugin, &good), None, "the token itself is good");
    for at in 7..good.len() {
        for changed in [b'A', b'z', b'_', b'.', b'=', b' ', b',', 0, 0x80, 0xff] {
            let mut bad = good.clone();
            if std::mem::replace(&mut bad[at], changed) == changed {
                continue;
            }
            let text = String::from_utf8_lossy(&bad).into_owned();
            // A space before the token belongs to the scheme; nothing else may be taken.
            let reason =
                refused(&plugin, &bad).unwrap_or_else(|| panic!("taken with a change at {at}: {text}"));
            let named = (DenyReason::TokenRepeated..=DenyReason::SignatureInvalid).contains(&reason);
            assert!(named, "{reason:?} for a change at {at}: {text}");
        }
        let mut shorter = good.clone();
        shorter.remove(at);
        assert!(refused(&plugin, &shorter).is_some(), "taken without byte {at}");
        assert!(refused(&plugin, &good[..at]).is_some(), "taken when cut at {at}");
    }
}

#[test]
fn every_byte_alone_and_in_front_is_refused() {
    let key = Key::new(1);
    let plugin = plugin(&key);
    let token = key.token(&claims());
    for byte in 0..=u8::MAX {
        for value in [vec![byte], vec![byte; 3], [&[byte][..], b"Bearer ", token.as_bytes()].concat()] {
            assert!(refused(&plugin, &value).is_some(), "taken: {value:?}");
        }
    }
}
