//! `CLM-…`: tokens by the trusted key whose claims are not good.

use super::case::{Case, Want, let_through, refused};
use super::kit::Kit;
use crate::cli::clock;
use serde_json::{Value, json};

const TR: &str = "TR 33.739, 6.25";

pub(super) fn cases() -> Vec<Case> {
    [issuer(), subject(), audience(), times(), forms()].into_iter().flatten().collect()
}

/// A claim that takes another value; `null` here is JSON's null, which is not the same as absent.
fn claim(name: &'static str, id: &str, title: &str, clause: &str, value: fn(&Kit) -> Value) -> Case {
    Case::new(id, title, clause, Want::RefusedToken, move |kit| {
        let mut claims = kit.claims();
        claims[name] = value(kit);
        Some(kit.good().bearer(&kit.key.sign(&kit.header(), &claims)))
    })
}

fn without(name: &'static str, id: &str, title: &str, clause: &str) -> Case {
    Case::new(id, title, clause, Want::RefusedToken, move |kit| {
        Some(kit.good().bearer(&kit.token_with(json!({name: null}))))
    })
}

fn issuer() -> Vec<Case> {
    const CLAUSE: &str = "RFC 7519, 4.1.1";
    let iss = |id: &str, title: &str, value: fn(&Kit) -> Value| claim("iss", id, title, CLAUSE, value);
    vec![
        without("iss", "CLM-ISS-ABSENT", "No `iss`", TR),
        claim("iss", "CLM-ISS-OTHER", "`iss` names another server", TR, |_| json!("aes.conformance.invalid")),
        iss("CLM-ISS-NULL", "`iss` is null", |_| Value::Null),
        iss("CLM-ISS-EMPTY", "`iss` is empty", |_| json!("")),
        iss("CLM-ISS-NUMBER", "`iss` is a number", |_| json!(1)),
        iss("CLM-ISS-ARRAY", "`iss` is an array that has the right one", |kit| json!([kit.issuer])),
        iss("CLM-ISS-OBJECT", "`iss` is an object that has the right one", |kit| json!({"iss": kit.issuer})),
        iss("CLM-ISS-SUFFIX", "`iss` goes on behind the right one, as another name", |kit| {
            json!(format!("{}.conformance.invalid", kit.issuer))
        }),
        iss("CLM-ISS-PREFIX", "`iss` begins before the right one", |kit| {
            json!(format!("evil-{}", kit.issuer))
        }),
        iss("CLM-ISS-PATH", "`iss` has a path behind the right one", |kit| {
            json!(format!("{}/evil", kit.issuer))
        }),
        iss("CLM-ISS-USER", "`iss` has the right one as a user name", |kit| {
            json!(format!("{}@conformance.invalid", kit.issuer))
        }),
        iss("CLM-ISS-FRAGMENT", "`iss` has the right one in a fragment", |kit| {
            json!(format!("https://conformance.invalid/#{}", kit.issuer))
        }),
        iss("CLM-ISS-SPACE", "`iss` ends in a space", |kit| json!(format!("{} ", kit.issuer))),
        iss("CLM-ISS-NUL", "`iss` goes on behind a U+0000", |kit| json!(format!("{}\u{0}x", kit.issuer))),
        iss("CLM-ISS-LOOK-ALIKE", "`iss` has a letter that looks like the right one", |kit| {
            json!(look_alike(&kit.issuer))
        }),
    ]
}

fn subject() -> Vec<Case> {
    let sub = |id: &str, title: &str, value: fn(&Kit) -> Value| claim("sub", id, title, TR, value);
    vec![
        without("sub", "CLM-SUB-ABSENT", "No `sub`: nobody is named", TR),
        sub("CLM-SUB-NULL", "`sub` is null", |_| Value::Null),
        sub("CLM-SUB-EMPTY", "`sub` is empty", |_| json!("")),
        sub("CLM-SUB-NUMBER", "`sub` is a number", |_| json!(1)),
        sub("CLM-SUB-BOOLEAN", "`sub` is true", |_| json!(true)),
        sub("CLM-SUB-ARRAY", "`sub` is an array that has the EEC ID", |kit| json!([kit.eec])),
        sub("CLM-SUB-OBJECT", "`sub` is an object that has the EEC ID", |kit| json!({"sub": kit.eec})),
    ]
}

fn audience() -> Vec<Case> {
    const CLAUSE: &str = "RFC 7519, 4.1.3";
    let aud = |id: &str, title: &str, value: fn(&Kit) -> Value| claim("aud", id, title, CLAUSE, value);
    vec![
        without("aud", "CLM-AUD-ABSENT", "No `aud`", TR),
        claim("aud", "CLM-AUD-OTHER", "`aud` names another edge server", TR, |_| {
            json!("ees.conformance.invalid")
        }),
        aud("CLM-AUD-NULL", "`aud` is null", |_| Value::Null),
        aud("CLM-AUD-EMPTY", "`aud` is empty", |_| json!("")),
        aud("CLM-AUD-NONE", "`aud` is an empty array", |_| json!([])),
        aud("CLM-AUD-NUMBER", "`aud` is a number", |_| json!(1)),
        aud(
            "CLM-AUD-OBJECT",
            "`aud` is an object that has the right one",
            |kit| json!({"aud": kit.audience}),
        ),
        aud("CLM-AUD-OTHERS", "`aud` is an array of others", |_| {
            json!(["ees.conformance.invalid", "ees2.conformance.invalid"])
        }),
        aud("CLM-AUD-NESTED", "`aud` has the right one in an array of an array", |kit| {
            json!([[kit.audience]])
        }),
        aud("CLM-AUD-SUFFIX", "`aud` goes on behind the right one, as another name", |kit| {
            json!(format!("{}.conformance.invalid", kit.audience))
        }),
        aud("CLM-AUD-PREFIX", "`aud` begins before the right one", |kit| {
            json!(format!("evil-{}", kit.audience))
        }),
        aud("CLM-AUD-PATH", "`aud` has a path behind the right one", |kit| {
            json!(format!("{}/evil", kit.audience))
        }),
        aud("CLM-AUD-LIST", "`aud` is a list in one string", |kit| {
            json!(format!("{} ees.conformance.invalid", kit.audience))
        }),
        aud("CLM-AUD-STAR", "`aud` is `*`", |_| json!("*")),
        aud("CLM-AUD-ISSUER", "`aud` names the entitlement server", |kit| json!(kit.issuer)),
        aud("CLM-AUD-LOOK-ALIKE", "`aud` has a letter that looks like the right one", |kit| {
            json!(look_alike(&kit.audience))
        }),
        let_through("CLM-AUD-ARRAY", "`aud` as an array with the right one alone", CLAUSE, |kit| {
            kit.token_with(json!({"aud": [kit.audience]}))
        }),
        let_through("CLM-AUD-AMONG", "`aud` as an array with the right one among others", CLAUSE, |kit| {
            kit.token_with(json!({"aud": ["ees.conformance.invalid", kit.audience]}))
        }),
    ]
}

fn times() -> Vec<Case> {
    const EXP: &str = "RFC 7519, 4.1.4";
    const NBF: &str = "RFC 7519, 4.1.5";
    const DATE: &str = "RFC 7519, 2";
    let exp = |id: &str, title: &str, clause: &str, value: fn(&Kit) -> Value| {
        claim("exp", id, title, clause, value)
    };
    let nbf = |id: &str, title: &str, clause: &str, value: fn(&Kit) -> Value| {
        claim("nbf", id, title, clause, value)
    };
    fn at(seconds: i64) -> i64 {
        clock::now().saturating_add(seconds)
    }
    vec![
        without("exp", "CLM-EXP-ABSENT", "No `exp`: it would never expire", TR),
        refused("CLM-EXP-HOUR", "Expired an hour ago", EXP, |kit| {
            kit.token_with(json!({"iat": at(-4200), "exp": at(-3600)}))
        }),
        refused("CLM-EXP-YEAR", "Expired a year ago", EXP, |kit| {
            kit.token_with(json!({"iat": at(-31_540_000), "exp": at(-31_536_000)}))
        }),
        exp("CLM-EXP-ZERO", "`exp` is 0", EXP, |_| json!(0)),
        exp("CLM-EXP-NEGATIVE", "`exp` is negative", EXP, |_| json!(-1)),
        exp("CLM-EXP-NULL", "`exp` is null", EXP, |_| Value::Null),
        exp("CLM-EXP-STRING", "`exp` is a number as a string", EXP, |_| json!(at(600).to_string())),
        exp("CLM-EXP-DATE", "`exp` is a date as a string", EXP, |_| json!("2035-01-01T00:00:00Z")),
        exp("CLM-EXP-BOOLEAN", "`exp` is true", EXP, |_| json!(true)),
        exp("CLM-EXP-ARRAY", "`exp` is an array", EXP, |_| json!([at(600)])),
        refused("CLM-EXP-HUGE", "`exp` is a number that no double holds", DATE, |kit| {
            kit.token_with_text("exp", "\"exp\":1e400")
        }),
        let_through("CLM-EXP-FRACTION", "`exp` with a fraction", DATE, |kit| {
            kit.token_with_text("exp", &format!("\"exp\":{}.5", at(600)))
        }),
        nbf("CLM-NBF-HOUR", "Not valid before an hour has passed", NBF, |_| json!(at(3600))),
        nbf("CLM-NBF-STRING", "`nbf` is a number as a string", NBF, |_| json!(at(-60).to_string())),
        nbf("CLM-NBF-NULL", "`nbf` is null", NBF, |_| Value::Null),
        nbf("CLM-NBF-OBJECT", "`nbf` is an object", NBF, |_| json!({})),
        claim("iat", "CLM-IAT-STRING", "`iat` is a number as a string", "RFC 7519, 4.1.6", |_| {
            json!(at(0).to_string())
        }),
        claim("iat", "CLM-IAT-ARRAY", "`iat` is an array", "RFC 7519, 4.1.6", |_| json!([at(0)])),
        claim("jti", "CLM-JTI-NUMBER", "`jti` is a number", "RFC 7519, 4.1.7", |_| json!(1)),
        claim("jti", "CLM-JTI-OBJECT", "`jti` is an object", "RFC 7519, 4.1.7", |_| json!({})),
        let_through("CLM-NBF-PAST", "`nbf` in the past", NBF, |kit| kit.token_with(json!({"nbf": at(-60)}))),
    ]
}

fn forms() -> Vec<Case> {
    const NAMES: &str = "RFC 7519, 4";
    vec![
        let_through("CLM-UNKNOWN", "Claims that nobody knows are ignored", NAMES, |kit| {
            kit.token_with(json!({"x-conformance": {"a": [1, null]}, "y": "é\u{1f600}"}))
        }),
        let_through("CLM-WHITESPACE", "White space in the payload means nothing", NAMES, |kit| {
            kit.token_of(
                kit.header().to_string(),
                serde_json::to_string_pretty(&kit.claims()).unwrap_or_default(),
            )
        }),
        let_through("CLM-ESCAPED", "A claim's name with an escape is the same name", NAMES, |kit| {
            kit.token_with_text("sub", &format!("\"s\\u0075b\":{}", json!(kit.eec)))
        }),
        refused("CLM-CASE-EXP", "`Exp` in place of `exp`", NAMES, |kit| {
            kit.token_with(json!({"exp": null, "Exp": clock::now().saturating_add(600)}))
        }),
        refused("CLM-CASE-AUD", "`AUD` in place of `aud`", NAMES, |kit| {
            kit.token_with(json!({"aud": null, "AUD": kit.audience}))
        }),
        refused("CLM-CASE-SUB", "`Sub` in place of `sub`", NAMES, |kit| {
            kit.token_with(json!({"sub": null, "Sub": kit.eec}))
        }),
        refused("CLM-CASE-ISS", "`Iss` in place of `iss`", NAMES, |kit| {
            kit.token_with(json!({"iss": null, "Iss": kit.issuer}))
        }),
        refused("CLM-TWICE-EXP", "`exp` twice, the last in the past", NAMES, |kit| {
            let now = clock::now();
            let members = format!("\"exp\":{},\"exp\":{}", now.saturating_add(600), now.saturating_sub(3600));
            kit.token_with_text("exp", &members)
        }),
        refused("CLM-TWICE-AUD", "`aud` twice, the last of another server", NAMES, |kit| {
            kit.token_with_text(
                "aud",
                &format!("\"aud\":{},\"aud\":\"ees.conformance.invalid\"", json!(kit.audience)),
            )
        }),
        refused("CLM-TWICE-ISS", "`iss` twice, the last of another server", NAMES, |kit| {
            kit.token_with_text(
                "iss",
                &format!("\"iss\":{},\"iss\":\"aes.conformance.invalid\"", json!(kit.issuer)),
            )
        }),
        refused("CLM-TWICE-SUB", "`sub` twice, the last of another client than the body's", NAMES, |kit| {
            kit.token_with_text(
                "sub",
                &format!("\"sub\":{},\"sub\":{}", json!(kit.eec), json!(kit.other_eec)),
            )
        }),
        refused(
            "CLM-TWICE-ESCAPED",
            "`exp` twice, the last in the past and its name escaped",
            NAMES,
            |kit| {
                let now = clock::now();
                let members =
                    format!("\"exp\":{},\"\\u0065xp\":{}", now.saturating_add(600), now.saturating_sub(3600));
                kit.token_with_text("exp", &members)
            },
        ),
    ]
}

/// The same to the eye: the first Latin letter that has a twin is a Cyrillic one.
fn look_alike(name: &str) -> String {
    const TWINS: [(char, char); 5] = [('e', 'е'), ('a', 'а'), ('o', 'о'), ('c', 'с'), ('p', 'р')];
    let twin = name
        .char_indices()
        .find_map(|(at, c)| TWINS.iter().find(|(latin, _)| *latin == c).map(|(_, t)| (at, *t)));
    match twin {
        Some((at, twin)) => format!("{}{twin}{}", &name[..at], &name[at + 1..]),
        None => format!("{name}\u{200b}"),
    }
}
