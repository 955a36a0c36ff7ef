//! JSONTestSuite: texts that readers of JSON must take (`y_`), must refuse (`n_`) or may do either with (`i_`). Each
//! is put where a stranger's JSON is read, as it stands and as the value of a member. The contract leaves nothing
//! open, so of the last kind too it is known what must become of them: numbers of any size are numbers, and everything else
//! is an encoding, a surrogate or a depth that it refuses.

use super::{deviations, folder, walk};
use crate::support::fixture;
use crate::support::token::{Key, claims};
use eec_authn::config;
use eec_authn::decision::DenyReason;
use eec_authn::plugin_state::PluginState;
use eec_authn::token::UntrustedToken;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::hash::RandomState;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// Where the texts are put; the names of sets in `deviations.txt`.
pub(crate) const PLACES: [&str; 7] =
    ["body", "body-member", "header", "header-member", "payload", "payload-member", "configuration-member"];

/// An edge server for which the largest text is not too large.
struct Server {
    key: Key,
    plugin: Rc<PluginState>,
}

impl Server {
    fn new() -> Self {
        let key = Key::new(1);
        let mut filter = fixture::config(&[&key]);
        filter["body"] = json!({"limit_bytes": 1_048_576});
        filter["token"] = json!({"max_bytes": 1_048_576});
        let loaded = config::parse(filter.to_string().as_bytes(), &|_| None).expect("a good configuration");
        Self { key, plugin: Rc::new(PluginState::new(loaded.policy, RandomState::new())) }
    }

    /// Why a request with this body and a good token is refused, if it is.
    fn refuses_body(&self, body: &[u8]) -> Option<DenyReason> {
        walk::refused(&self.plugin, &self.key.token(&claims()), body)
    }

    /// Why a request with a token of these parts and a good body is refused, if it is.
    fn refuses_token(&self, header: &[u8], payload: &[u8]) -> Option<DenyReason> {
        walk::refused(&self.plugin, &self.key.token_of(header, payload), br#"{"eecId":"eec-1"}"#)
    }
}

/// The text of `object` with one more member, whose value is `text` as it stands.
fn with_member(object: &Value, text: &[u8]) -> Vec<u8> {
    let object = object.to_string();
    let open = object.strip_suffix('}').expect("an object with members");
    [open.as_bytes(), br#","other":"#, text, b"}"].concat()
}

/// Whether a text was read, from the reason for which its request is refused: `read` where it was.
fn was_read(reason: Option<DenyReason>, read: Option<DenyReason>, unread: DenyReason) -> bool {
    assert!(reason == read || reason == Some(unread), "neither read nor refused for what it is: {reason:?}");
    reason == read
}

/// Every text with its name, in the order of the names.
fn texts() -> Vec<(String, Vec<u8>)> {
    let folder = folder::entry("json-test-suite");
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut all: Vec<(String, Vec<u8>)> = files
        .map(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
            (name, std::fs::read(path).expect("a text"))
        })
        .collect();
    all.sort();
    let count = |kind| all.iter().filter(|(name, _)| name.starts_with(kind)).count();
    for (kind, least) in [("y_", 95), ("n_", 188), ("i_", 35)] {
        assert!(count(kind) >= least, "the suite has shrunk: {} texts {kind}", count(kind));
    }
    assert_eq!(count("y_") + count("n_") + count("i_"), all.len(), "texts of another kind");
    all
}

/// Puts every text where `read` reads it; `objects`: what is no object must be refused there.
fn check(place: &str, objects: bool, read: impl Fn(&[u8]) -> bool) {
    let mut found = BTreeSet::new();
    for (name, text) in texts() {
        let good = name.starts_with("y_") || name.starts_with("i_number_");
        let wanted = good && (!objects || text.trim_ascii_start().starts_with(b"{"));
        let read = catch_unwind(AssertUnwindSafe(|| read(&text)));
        if read.unwrap_or_else(|_| panic!("{name} as {place}: see above")) != wanted {
            found.insert((place.to_owned(), name));
        }
    }
    deviations().check(|set| set == place, &found);
}

#[test]
#[ignore = "needs a corpora folder: make test-corpora"]
fn as_bodies() {
    let server = Server::new();
    // None of the objects has an `eecId`.
    check("body", true, |text| match server.refuses_body(text) {
        Some(DenyReason::BodyRequired) if text.is_empty() => false,
        reason => was_read(reason, Some(DenyReason::BindingMissing), DenyReason::BodyMalformed),
    });
    check("body-member", false, |text| {
        let body = with_member(&json!({"eecId": "eec-1"}), text);
        was_read(server.refuses_body(&body), None, DenyReason::BodyMalformed)
    });
}

#[test]
#[ignore = "needs a corpora folder: make test-corpora"]
fn as_headers_of_tokens() {
    let server = Server::new();
    // None of the objects has an `alg`: what is read is refused all the same, but is no opaque token.
    check("header", true, |text| {
        let payload = claims().to_string();
        assert_eq!(server.refuses_token(text, payload.as_bytes()), Some(DenyReason::TokenMalformed));
        let token = server.key.token_of(text, payload);
        walk::with_bearer(&token, |bearer| Ok(UntrustedToken::is_meant(bearer))).expect("token characters")
    });
    check("header-member", false, |text| {
        let header = with_member(&server.key.header(), text);
        let reason = server.refuses_token(&header, claims().to_string().as_bytes());
        was_read(reason, None, DenyReason::TokenMalformed)
    });
}

#[test]
#[ignore = "needs a corpora folder: make test-corpora"]
fn as_payloads_of_tokens() {
    let server = Server::new();
    let header = server.key.header().to_string();
    // None of the objects has an `iss`.
    check("payload", true, |text| {
        let reason = server.refuses_token(header.as_bytes(), text);
        was_read(reason, Some(DenyReason::IssuerUnknown), DenyReason::TokenMalformed)
    });
    check("payload-member", false, |text| {
        let reason = server.refuses_token(header.as_bytes(), &with_member(&claims(), text));
        was_read(reason, None, DenyReason::TokenMalformed)
    });
}

#[test]
#[ignore = "needs a corpora folder: make test-corpora"]
fn as_configurations() {
    // No text is a configuration.
    for (name, text) in texts() {
        let errors = config::parse(&text, &|_| None).err().unwrap_or_else(|| panic!("{name} is taken"));
        assert!(errors.iter().all(|e| !e.path.is_empty() && !e.message.is_empty()), "{name}: {errors:?}");
    }
    // A JWK may have members of any meaning (RFC 7517, section 4).
    let key = Key::new(1);
    let whole = fixture::config(&[&key]).to_string();
    let jwk = key.jwk();
    let (before, after) = whole.split_once(&jwk.to_string()).expect("the key");
    check("configuration-member", false, |text| {
        let filter = [before.as_bytes(), &with_member(&jwk, text), after.as_bytes()].concat();
        match config::parse(&filter, &|_| None) {
            Ok(loaded) => loaded.warnings.is_empty(),
            Err(errors) => {
                assert!(!errors.is_empty(), "refused without a word");
                false
            }
        }
    });
}
