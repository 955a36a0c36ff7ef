//! Secrets of the filter: they come out of variables, are taken as they are meant, and are repeated in no message.

use crate::support::fixture::config as small;
use crate::support::token::{Key, base64url};
use eec_authn::config::shape::Shape;
use eec_authn::config::{self, Absent, FILTER_JSON, review};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// A configuration that names `variable` at each place where a variable can be named, and the paths of these.
fn naming(variable: &str) -> (Value, [&'static str; 3]) {
    let mut filter = small(&[&Key::new(1)]);
    filter["entitlement_servers"][0]["online"] = json!({
        "method": "rfc7662", "cluster": "es", "client_id": "ees1", "client_secret_env": variable,
    });
    filter["ownership"] = json!({"secret_env": [variable]});
    filter["proof"] = json!({"dpop": {"nonce": {"secret_env": [variable]}}});
    let client = "entitlement_servers[0].online.client_secret_env";
    (filter, [client, "proof.dpop.nonce.secret_env[0]", "ownership.secret_env[0]"])
}

/// The names of the members that are declared to name a variable.
fn declared(shape: &Shape, found: &mut BTreeSet<&'static str>) {
    if let Shape::List { item, .. } | Shape::Named(item) = shape {
        declared(item, found);
    }
    for member in shape.members() {
        if member.name.ends_with("_env") {
            found.insert(member.name);
        }
        declared(&member.shape, found);
    }
}

#[test]
fn every_member_that_names_a_variable_is_looked_at_here() {
    let mut found = BTreeSet::new();
    declared(&FILTER_JSON, &mut found);
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["client_secret_env", "secret_env"]);
}

#[test]
fn a_secret_where_its_variable_belongs_is_an_error_that_does_not_repeat_it() {
    for (secret, said) in [
        ("correct horse battery staple", "is not the name of a variable"),
        ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "is not the name of a variable"),
        ("c3RhbmQtaW4gc3RhbmQtaW4gc3RhbmQtaW4gc3RhbmQ", "looks like a secret"),
        ("f00dbabef00dbabef00dbabef00dbabe", "looks like a secret"),
    ] {
        let (filter, paths) = naming(secret);
        let asked = RefCell::new(Vec::new());
        let there = |name: &str| {
            asked.borrow_mut().push(name.to_owned());
            Some(base64url([1; 32]))
        };
        let review = review(filter.to_string().as_bytes(), &there, Absent::Error);
        let errors = review.result.expect_err("it is no name");
        assert_eq!(errors.iter().map(|error| error.path.as_str()).collect::<Vec<_>>(), paths, "{errors:?}");
        for error in &errors {
            assert!(error.message.starts_with(said), "{error}");
            assert!(error.message.ends_with("make a new one: config dumps show it"), "{error}");
            assert!(!error.to_string().contains(secret), "{error}");
        }
        // Nor is it looked for in the environment, or listed among what must be there.
        assert_eq!((asked.into_inner(), review.environment), (Vec::new(), Vec::new()), "{secret}");
    }
    for name in ["EEC_AUTHN_INTROSPECTION_SECRET_2026", "ES_CLIENT_SECRET", "_s3cret"] {
        let (filter, _) = naming(name);
        let loaded = config::parse(filter.to_string().as_bytes(), &|_| Some(base64url([1; 32])));
        assert!(loaded.is_ok(), "{name}: {:?}", loaded.err());
    }
}

#[test]
fn a_misplaced_secret_is_said_whatever_else_is_wrong_with_its_member() {
    let secret = "f00dbabef00dbabef00dbabef00dbabe";
    for online in [
        json!({"method": "rfc7662", "cluster": "es", "client_secret_env": secret}),
        json!({"method": "ts43", "cluster": "es", "path": "/", "apply_to": "all", "client_secret_env": secret}),
    ] {
        let mut filter = small(&[&Key::new(1)]);
        filter["entitlement_servers"][0]["online"] = online;
        let errors = config::parse(filter.to_string().as_bytes(), &|_| None).expect_err("several");
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let wanted = "entitlement_servers[0].online.client_secret_env: looks like a secret";
        assert!(said.len() == 2 && said.iter().any(|error| error.starts_with(wanted)), "{said:?}");
        assert!(!said.concat().contains(secret), "{said:?}");
    }
}

#[test]
fn a_client_secret_is_what_its_variable_holds_to_the_letter() {
    let mut filter = small(&[&Key::new(1)]);
    filter["entitlement_servers"][0]["online"] = json!({
        "method": "rfc7662", "cluster": "es", "client_id": "ees1", "client_secret_env": "ES_SECRET",
    });
    let parsed = |secret: &str| {
        config::parse(filter.to_string().as_bytes(), &|_| Some(secret.to_owned()))
            .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let path = "entitlement_servers[0].online.client_secret_env";
    for (value, fault) in [
        ("", "is empty; set it to the secret"),
        (" \r\n", "is empty; set it to the secret"),
        (
            "pa55word\n",
            "has white space at its beginning or end, such as the line end of a file; set it to the secret alone",
        ),
        (
            "pa55word\r\n",
            "has white space at its beginning or end, such as the line end of a file; set it to the secret alone",
        ),
        (
            " pa55word",
            "has white space at its beginning or end, such as the line end of a file; set it to the secret alone",
        ),
        (
            "pa55word\u{a0}",
            "has white space at its beginning or end, such as the line end of a file; set it to the secret alone",
        ),
    ] {
        let errors = parsed(value).expect_err(value);
        assert_eq!(errors, [format!("{path}: the variable \"ES_SECRET\" {fault}")], "{value:?}");
    }
    for good in ["pa55word", "two words", "*", "ü\tü"] {
        assert!(parsed(good).is_ok(), "{good:?}");
    }
}
