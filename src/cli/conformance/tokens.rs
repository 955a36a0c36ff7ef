//! `TOK-…`: what is no good token by its form, its algorithm or its signature.

use super::case::{Case, Want, let_through, refused};
use super::kit::{Kit, base64url, part};
use super::signatures;
use serde_json::{Value, json};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        let_through("TOK-GOOD", "A good token", "TR 33.739, 6.25", Kit::token),
        Case::new(
            "TOK-NONE",
            "No token: there is no access without authentication",
            "TR 33.739, 6.25",
            Want::RefusedToken,
            |kit| Some(kit.good()),
        ),
        Case::new(
            "TOK-EMPTY",
            "`Bearer` with nothing behind it",
            "RFC 6750, 2.1",
            Want::RefusedToken,
            |kit| Some(kit.good().header("Authorization", "Bearer ")),
        ),
        refused("TOK-OPAQUE", "A random string", "RFC 6750, 3.1", |_| base64url([7; 32])),
        refused("TOK-DOTS", "Nothing but two dots", "RFC 7515, 5.2", |_| "..".into()),
        refused("TOK-PARTS-2", "Without a signature part", "RFC 7515, 7.1", |kit| part(&kit.token(), 0..2)),
        refused("TOK-PARTS-4", "With a fourth part", "RFC 7515, 7.1", |kit| format!("{}.e30", kit.token())),
        refused("TOK-PARTS-5", "With five parts, as a JWE has", "RFC 7515, 5.2", |kit| {
            format!("{}.e30.e30", kit.token())
        }),
        refused("TOK-DETACHED", "The payload left out of what was signed", "RFC 7515, 5.2", |kit| {
            let token = kit.token();
            format!("{}..{}", part(&token, 0..1), part(&token, 2..3))
        }),
        refused("TOK-JSON", "A JWS in JSON serialization, base64url", "RFC 7519, 1", |kit| {
            let token = kit.token();
            let [header, payload, signature] = [0, 1, 2].map(|n| part(&token, n..n + 1));
            base64url(json!({"protected": header, "payload": payload, "signature": signature}).to_string())
        }),
    ];
    cases.extend(algorithms());
    cases.extend(signatures::cases());
    cases.extend(encodings());
    cases.extend(headers());
    cases
}

fn algorithms() -> Vec<Case> {
    fn unsecured(kit: &Kit, alg: &str) -> String {
        let header = kit.header_with(json!({"alg": alg}));
        format!("{}.{}.", base64url(header.to_string()), base64url(kit.claims().to_string()))
    }
    vec![
        refused("TOK-ALG-NONE", "`alg` `none`, no signature", "RFC 8725, 3.2", |kit| unsecured(kit, "none")),
        refused("TOK-ALG-NONE-CASE", "`alg` `None`, no signature", "RFC 8725, 3.2", |kit| {
            unsecured(kit, "None")
        }),
        refused("TOK-ALG-NONE-MIXED", "`alg` `nOnE`, no signature", "RFC 8725, 3.2", |kit| {
            unsecured(kit, "nOnE")
        }),
        refused(
            "TOK-ALG-NONE-SIGNED",
            "`alg` `none`, signed by the trusted key all the same",
            "RFC 8725, 3.1",
            |kit| kit.token_headed(json!({"alg": "none"})),
        ),
        refused("TOK-ALG-ABSENT", "No `alg`", "RFC 7515, 4.1.1", |kit| {
            kit.token_headed(json!({"alg": null}))
        }),
        refused("TOK-ALG-EMPTY", "`alg` is empty", "RFC 7515, 4.1.1", |kit| {
            kit.token_headed(json!({"alg": ""}))
        }),
        refused("TOK-ALG-ARRAY", "`alg` is an array", "RFC 7515, 4.1.1", |kit| {
            kit.token_headed(json!({"alg": [kit.key.alg()]}))
        }),
        refused("TOK-ALG-UNKNOWN", "`alg` is one that nobody knows", "RFC 7515, 5.2", |kit| {
            kit.token_headed(json!({"alg": "XX256"}))
        }),
        refused("TOK-ALG-CASE", "`alg` in other letters", "RFC 7515, 4.1.1", |kit| {
            let alg = kit.key.alg();
            let lower = alg.to_ascii_lowercase();
            kit.token_headed(json!({"alg": lower}))
        }),
        refused(
            "TOK-ALG-OTHER",
            "`alg` of another kind of key than the one that signed",
            "RFC 8725, 3.1",
            |kit| kit.token_headed(json!({"alg": if kit.key.alg() == "ES256" { "EdDSA" } else { "ES256" }})),
        ),
        refused("TOK-ALG-RSA", "`alg` of RSA, signed by a key that is none", "RFC 8725, 3.1", |kit| {
            kit.token_headed(json!({"alg": "RS256"}))
        }),
        refused("TOK-ALG-TWICE", "`alg` twice, `none` last, no signature", "RFC 7515, 4", |kit| {
            let header = kit.header().to_string();
            let header = format!("{},\"alg\":\"none\"}}", header.trim_end_matches('}'));
            format!("{}.{}.", base64url(header), base64url(kit.claims().to_string()))
        }),
    ]
}

fn encodings() -> Vec<Case> {
    const CLAUSE: &str = "RFC 7515, 5.2";
    vec![
        refused("TOK-B64-PADDING", "Base64url with padding, signed so", "RFC 7515, 2", |kit| {
            // Spaces around JSON change nothing, but its length.
            let mut claims = kit.claims().to_string();
            while !claims.len().is_multiple_of(3) {
                claims.push(' ');
            }
            kit.signed(&format!(
                "{}.{}=",
                base64url(kit.header().to_string()),
                base64url(format!("{claims}  "))
            ))
        }),
        refused("TOK-B64-ALPHABET", "Base64 with `+` and `/`, signed so", "RFC 7515, 2", |kit| {
            let claims = kit.claims_with(json!({"x": "\u{fff}\u{7e3f}~~~???>>>"})).to_string();
            let claims = base64url(claims).replace('-', "+").replace('_', "/");
            kit.signed(&format!("{}.{claims}", base64url(kit.header().to_string())))
        }),
        refused("TOK-B64-LENGTH", "A character too many for base64url, signed so", CLAUSE, |kit| {
            let mut claims = kit.claims().to_string();
            while !claims.len().is_multiple_of(3) {
                claims.push(' ');
            }
            kit.signed(&format!("{}.{}A", base64url(kit.header().to_string()), base64url(claims)))
        }),
        refused("TOK-B64-PERCENT", "A good token, its dots percent-encoded", "RFC 6750, 2.1", |kit| {
            kit.token().replace('.', "%2e")
        }),
        refused("TOK-HEADER-TEXT", "The header is no JSON", CLAUSE, |kit| {
            kit.token_of("alg", kit.claims().to_string())
        }),
        refused("TOK-HEADER-ARRAY", "The header is a JSON array", CLAUSE, |kit| {
            kit.token_of(json!([kit.header()]).to_string(), kit.claims().to_string())
        }),
        refused("TOK-HEADER-UTF-8", "The header is not UTF-8", CLAUSE, |kit| {
            let text = kit.header_with(json!({"x": "@"})).to_string();
            let bytes: Vec<u8> = text.bytes().map(|b| if b == b'@' { 0xff } else { b }).collect();
            kit.token_of(bytes, kit.claims().to_string())
        }),
        refused("TOK-HEADER-TRAILING", "Something behind the header's JSON", CLAUSE, |kit| {
            kit.token_of(format!("{}{{}}", kit.header()), kit.claims().to_string())
        }),
        refused("TOK-PAYLOAD-EMPTY", "The payload is empty", "RFC 7519, 7.2", |kit| {
            kit.token_of(kit.header().to_string(), "")
        }),
        refused("TOK-PAYLOAD-TEXT", "The payload is no JSON", "RFC 7519, 7.2", |kit| {
            kit.token_of(kit.header().to_string(), "claims")
        }),
        refused("TOK-PAYLOAD-ARRAY", "The payload is a JSON array", "RFC 7519, 7.2", |kit| {
            kit.token_of(kit.header().to_string(), json!([kit.claims()]).to_string())
        }),
        refused("TOK-PAYLOAD-UTF-8", "The payload is not UTF-8", "RFC 7519, 7.2", |kit| {
            let text = kit.claims_with(json!({"x": "@@"})).to_string();
            let bytes = text
                .replace("@@", "@")
                .bytes()
                .map(|b| if b == b'@' { 0xff } else { b })
                .collect::<Vec<u8>>();
            kit.token_of(kit.header().to_string(), bytes)
        }),
        refused("TOK-PAYLOAD-TRAILING", "Something behind the payload's JSON", "RFC 7519, 7.2", |kit| {
            kit.token_of(kit.header().to_string(), format!("{}{{}}", kit.claims()))
        }),
        refused("TOK-NESTED", "A good token as the payload of another", "RFC 7519, 7.2", |kit| {
            kit.token_of(kit.header_with(json!({"cty": "JWT"})).to_string(), kit.token())
        }),
    ]
}

fn headers() -> Vec<Case> {
    const CRIT: &str = "RFC 7515, 4.1.11";
    fn headed(id: &str, title: &str, clause: &str, changes: fn(&Kit) -> Value) -> Case {
        Case::new(id, title, clause, Want::RefusedToken, move |kit| {
            Some(kit.good().bearer(&kit.token_headed(changes(kit))))
        })
    }
    vec![
        let_through(
            "TOK-HEADER-UNKNOWN",
            "A header member that nobody knows is ignored",
            "RFC 7515, 4",
            |kit| kit.token_headed(json!({"x-conformance": {"a": [1]}})),
        ),
        let_through(
            "TOK-HEADER-WHITESPACE",
            "White space in the header's JSON means nothing",
            "RFC 7515, 4",
            |kit| {
                let header = serde_json::to_string_pretty(&kit.header()).unwrap_or_default();
                kit.token_of(header, kit.claims().to_string())
            },
        ),
        headed(
            "TOK-CRIT-UNKNOWN",
            "`crit` names an extension that nobody knows",
            CRIT,
            |_| json!({"crit": ["x-conformance"], "x-conformance": true}),
        ),
        headed("TOK-CRIT-EMPTY", "`crit` is an empty list", CRIT, |_| json!({"crit": []})),
        headed(
            "TOK-CRIT-STRING",
            "`crit` is no list",
            CRIT,
            |_| json!({"crit": "x-conformance", "x-conformance": true}),
        ),
        headed(
            "TOK-CRIT-ABSENT",
            "`crit` names a member that is not there",
            CRIT,
            |_| json!({"crit": ["x-conformance"]}),
        ),
        headed("TOK-CRIT-REGISTERED", "`crit` names `alg`", CRIT, |_| json!({"crit": ["alg"]})),
        headed(
            "TOK-CRIT-B64",
            "An unencoded payload (`b64` false)",
            CRIT,
            |_| json!({"crit": ["b64"], "b64": false}),
        ),
        headed("TOK-TYP-SET", "A security event token", "RFC 8725, 3.11", |_| json!({"typ": "secevent+jwt"})),
        headed("TOK-TYP-LOGOUT", "A logout token", "RFC 8725, 3.11", |_| json!({"typ": "logout+jwt"})),
        headed("TOK-TYP-PROOF", "A DPoP proof's type", "RFC 8725, 3.11", |_| json!({"typ": "dpop+jwt"})),
        headed("TOK-TYP-NUMBER", "`typ` is a number", "RFC 7515, 4.1.9", |_| json!({"typ": 1})),
    ]
}
