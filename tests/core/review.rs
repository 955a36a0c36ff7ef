//! A configuration as somebody sees it who has no VM (`config::review`).

use crate::support::fixture::config as small;
use crate::support::token::{Key, base64url};
use eec_authn::config::{Absent, Review, plugin_options, review};
use serde_json::{Value, json};

fn reviewed(filter: &Value, absent: Absent) -> Review {
    let there = |name: &str| (name == "THERE").then(|| base64url([1; 32]));
    review(filter.to_string().as_bytes(), &there, absent)
}

fn with(member: &str, value: Value) -> Value {
    let mut filter = small(&[&Key::new(1)]);
    filter[member] = value;
    filter
}

#[test]
fn variables_that_must_be_there_and_those_that_are_not() {
    let filter = with("ownership", json!({"secret_env": ["THERE", "NOT_THERE"]}));
    let names = ["NOT_THERE".to_owned(), "THERE".to_owned()];
    let lenient = reviewed(&filter, Absent::StandIn);
    assert!(lenient.result.is_ok(), "{:?}", lenient.result);
    assert_eq!((&lenient.environment[..], &lenient.missing[..]), (&names[..], &names[..1]));
    let strict = reviewed(&filter, Absent::Error);
    let errors = strict.result.expect_err("a variable is not there");
    assert_eq!(
        errors.iter().map(|error| error.path.as_str()).collect::<Vec<_>>(),
        ["ownership.secret_env[1]"]
    );
    assert_eq!((&strict.environment[..], strict.missing.len()), (&names[..], 0));
}

#[test]
fn what_the_plugin_must_be_told() {
    let options = |body: Value| {
        plugin_options(&reviewed(&with("body", body), Absent::Error).result.expect("good").policy)
    };
    assert_eq!(options(json!({"hold_headers": true})), ["allow_on_headers_stop_iteration"]);
    assert_eq!(options(json!({})), [""; 0]);
}

/// The last error, where the bytes look like something else.
#[test]
fn what_only_looks_like_a_configuration() {
    let said = |text: &str| {
        let errors = review(text.as_bytes(), &|_| None, Absent::StandIn).result.expect_err("no filter JSON");
        errors.last().expect("an error").to_string()
    };
    let envoy = "configuration: looks like a file of Envoy or Istio; give the filter JSON in it by itself";
    for text in [
        "apiVersion: extensions.istio.io/v1alpha1\n",
        "static_resources:\n  listeners: []\n",
        "- name: x\n  typed_config: {}\n",
        r#"{"pluginConfig": {}}"#,
    ] {
        assert_eq!(said(text), envoy, "{text}");
    }
    for (block, remedy) in [
        ("PRIVATE KEY", "is a private key, which belongs into no configuration"),
        ("EC PRIVATE KEY", "is a private key, which belongs into no configuration"),
        ("CERTIFICATE", "is PEM; pin it as `certificate_pem`"),
        ("PUBLIC KEY", "is PEM; pin it as `public_key_pem`"),
    ] {
        let said = said(&format!("\n-----BEGIN {block}-----\nAAAA\n-----END {block}-----\n"));
        assert!(said.starts_with(&format!("configuration: {remedy}")), "{block}: {said}");
    }
    for plain in ["{}", "[]", r#"{"a": "-----BEGIN PUBLIC KEY-----"}"#, r#"{"apiVersions": 1}"#] {
        assert!(
            !said(plain).contains("looks like") && !said(plain).contains("PEM"),
            "{plain}: {}",
            said(plain)
        );
    }
}
