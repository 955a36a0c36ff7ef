//! `BND-…`: a body must speak for the client of the token.

use super::case::{Case, On, Want};
use super::kit::Kit;
use super::operation_table::OPERATIONS;
use super::operations::{Names, Operation};
use super::wire::Request;
use serde_json::json;

const TR: &str = "TR 33.739, 6.25";

pub(super) fn cases() -> Vec<Case> {
    let of_operations = OPERATIONS.iter().filter(|op| op.names != Names::Nobody).flat_map(operation);
    let of_collections = OPERATIONS.iter().filter(|op| matches!(op.id, "DISC-REQUEST" | "PROV-REQUEST"));
    of_operations.chain(of_collections.flat_map(forms)).chain(special()).collect()
}

/// The text of a body, from the client's own name and another's, as JSON strings.
type Body = fn(&Operation, &str, &str) -> Option<String>;

/// Own and foreign under one member, in a body as text.
const ROWS: [(&str, &str, Want, Body); 7] = [
    ("OWN", "the client's own name", Want::LetThrough, |op, own, _| op.body(&member(op, own), None)),
    ("FOREIGN", "another client's name", Want::RefusedBody, |op, _, other| op.body(&member(op, other), None)),
    ("ABSENT", "no name", Want::RefusedBody, |op, _, _| op.body("\"suppFeat\":\"0\"", None)),
    ("NULL", "null for the name", Want::RefusedBody, |op, _, _| op.body(&member(op, "null"), None)),
    ("ARRAY", "the client's own name in an array", Want::RefusedBody, |op, own, _| {
        op.body(&member(op, &format!("[{own}]")), None)
    }),
    ("TWICE", "the name twice, the last another client's", Want::RefusedBody, |op, own, other| {
        op.body(&format!("{},{}", member(op, own), member(op, other)), None)
    }),
    (
        "ESCAPED",
        "the name twice, the last another client's, its member's name with an escape",
        Want::RefusedBody,
        |op, own, other| {
            let name = op.member();
            let escaped = format!("\"\\u00{:02x}{}\":{other}", name.as_bytes()[0], &name[1..]);
            op.body(&format!("{},{escaped}", member(op, own)), None)
        },
    ),
];

/// What stands for the UE, as JSON.
type UeId = fn(&Kit) -> String;

/// Beside the client's own EEC ID.
const UE_ROWS: [(&str, &str, Want, UeId); 3] = [
    ("UE-OWN", "the UE's own identifier", Want::LetThrough, |kit| json!(kit.gpsi).to_string()),
    ("UE-FOREIGN", "another UE's identifier", Want::RefusedBody, |kit| json!(kit.other_gpsi).to_string()),
    ("UE-ARRAY", "the UE's own identifier in an array", Want::RefusedBody, |kit| {
        json!([kit.gpsi]).to_string()
    }),
];

fn member(operation: &Operation, value: &str) -> String {
    format!("\"{}\":{value}", operation.member())
}

fn operation(operation: &'static Operation) -> Vec<Case> {
    let clause = |id: &str| match id {
        "FOREIGN" | "UE-FOREIGN" | "TWICE" | "ESCAPED" => format!("{TR}; {}", operation.clause),
        _ => operation.clause.to_owned(),
    };
    let mut cases: Vec<Case> = Vec::new();
    for (id, what, want, body) in ROWS {
        cases.push(Case {
            id: format!("BND-{}-{id}", operation.id),
            title: format!("To {}: {what}", operation.title),
            clause: clause(id),
            on: On::Operation(operation),
            request: Box::new(move |kit, path| {
                let (own, other) = match operation.names {
                    Names::UeId => (&kit.gpsi, &kit.other_gpsi),
                    Names::EecId | Names::RequestorId | Names::Nobody => (&kit.eec, &kit.other_eec),
                };
                let body = body(operation, &json!(own).to_string(), &json!(other).to_string())?;
                Some(request(kit, operation, path, body))
            }),
            want,
        });
    }
    for (id, what, want, ue) in UE_ROWS.into_iter().filter(|_| operation.takes_ue()) {
        cases.push(Case {
            id: format!("BND-{}-{id}", operation.id),
            title: format!("To {}: {what}", operation.title),
            clause: clause(id),
            on: On::Operation(operation),
            request: Box::new(move |kit, path| {
                let body = operation.body(&member(operation, &json!(kit.eec).to_string()), Some(&ue(kit)))?;
                Some(request(kit, operation, path, body))
            }),
            want,
        });
    }
    cases
}

/// A body under a good token of the client and its UE.
fn request(kit: &Kit, operation: &Operation, path: &str, body: String) -> Request {
    let request = Request::new(operation.method, path).header("Content-Type", operation.media_type());
    request.body(body).bearer(&kit.token_with_gpsi())
}

/// A form of body, or of what is said about it.
type Form = fn(&Kit, Request, &Operation) -> Request;

/// Tried on the operation that every client of the interface uses: what is no JSON object in UTF-8, and values that are nearly the right one.
fn forms(operation: &'static Operation) -> Vec<Case> {
    fn named(operation: &Operation, name: &str) -> String {
        operation.body_of(name).unwrap_or_default()
    }
    let api = operation.clause;
    let rows: Vec<(&str, &str, &str, Form)> = vec![
        ("VALUE-CASE", "the client's own name in other letters", TR, |kit, r, op| {
            r.body(named(op, &other_case(&kit.eec)))
        }),
        ("VALUE-SPACE", "the client's own name and a space", TR, |kit, r, op| {
            r.body(named(op, &format!("{} ", kit.eec)))
        }),
        ("VALUE-LONGER", "a name that begins as the client's own", TR, |kit, r, op| {
            r.body(named(op, &format!("{}x", kit.eec)))
        }),
        ("VALUE-SHORTER", "a name that the client's own begins with", TR, |kit, r, op| {
            r.body(named(op, shorter(&kit.eec)))
        }),
        ("VALUE-NUL", "the client's own name and a U+0000", TR, |kit, r, op| {
            r.body(named(op, &format!("{}\u{0}x", kit.eec)))
        }),
        ("VALUE-EMPTY", "an empty name", TR, |_, r, op| r.body(named(op, ""))),
        ("LOOK-ALIKE-CASE", "another client's name beside it under `EECID`", api, |kit, r, op| {
            r.body(beside(kit, op, "EECID"))
        }),
        ("LOOK-ALIKE-UNDERSCORE", "another client's name beside it under `eec_id`", api, |kit, r, op| {
            r.body(beside(kit, op, "eec_id"))
        }),
        ("LOOK-ALIKE-DOTTED", "another client's name beside it under `eecİd`", api, |kit, r, op| {
            r.body(beside(kit, op, "eecİd"))
        }),
        (
            "LOOK-ALIKE-NUL",
            "another client's name beside it under `eecId` and a U+0000",
            api,
            |kit, r, op| r.body(beside(kit, op, "eecId\\u0000x")),
        ),
        ("NO-BODY", "no body", api, |_, r, _| r.without_body()),
        ("TEXT", "a body that is no JSON", api, |_, r, _| r.body("eecId")),
        ("ARRAY-BODY", "a body in an array", api, |kit, r, op| r.body(format!("[{}]", named(op, &kit.eec)))),
        ("TRAILING", "something behind the body", api, |kit, r, op| {
            r.body(format!("{}{}", named(op, &kit.eec), named(op, &kit.other_eec)))
        }),
        ("CUT", "a body that breaks off", api, |kit, r, op| {
            let body = named(op, &kit.eec);
            r.body(body[..body.len() - 1].to_owned())
        }),
        ("UTF-16", "a body in UTF-16", api, |kit, r, op| {
            r.body(named(op, &kit.eec).encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
        }),
        ("BYTES", "a body that is not UTF-8", api, |kit, r, op| {
            let body = named(op, &kit.eec);
            let mut bytes = body.as_bytes()[..body.len() - 1].to_vec();
            bytes.extend(b",\"x\":\"\xff\"}");
            r.body(bytes)
        }),
        ("TYPE-NONE", "no media type", api, |_, r, _| r.without("Content-Type")),
        ("TYPE-TEXT", "the media type `text/plain`", api, |_, r, _| {
            r.without("Content-Type").header("Content-Type", "text/plain")
        }),
        ("TYPE-FORM", "a form", api, |kit, r, _| {
            r.without("Content-Type")
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(format!("eecId={}", kit.eec))
        }),
        ("TYPE-CHARSET", "another charset, in which the name is another client's", api, |kit, r, op| {
            let name = "+AGUAZQBjAEkAZA-";
            r.without("Content-Type")
                .header("Content-Type", "application/json; charset=utf-7")
                .body(beside(kit, op, name))
        }),
        ("TYPE-TWICE", "two media types", api, |_, r, _| {
            r.header("Content-Type", "application/x-www-form-urlencoded")
        }),
        ("CODING", "a coding that the body does not have", api, |_, r, _| {
            r.header("Content-Encoding", "gzip")
        }),
        ("QUERY", "another client's name in the query", api, |kit, r, op| {
            // As servers write the way to a member (RFC 3986 has no say in it).
            let name = if op.id == "DISC-REQUEST" { "requestorId%5BeecId%5D" } else { op.member() };
            r.target(format!("{}?{name}={}", kit.target.path(op.path), kit.other_eec))
        }),
    ];
    let case = |(id, what, clause, form): (&str, &str, &str, Form)| Case {
        id: format!("BND-{}-{id}", operation.id),
        title: format!("To {}: {what}", operation.title),
        clause: clause.to_owned(),
        on: On::Operation(operation),
        request: Box::new(move |kit, path| {
            let good = request(kit, operation, path, operation.body_of(&kit.eec)?);
            Some(form(kit, good, operation))
        }),
        want: Want::RefusedBody,
    };
    rows.into_iter().map(case).collect()
}

/// The same name to whoever does not look at capitals.
fn other_case(name: &str) -> String {
    let other: String = name
        .chars()
        .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect();
    if other == name { format!("{name}A") } else { other }
}

fn shorter(name: &str) -> &str {
    name.char_indices().next_back().map_or("", |(at, _)| &name[..at])
}

/// The client's own name, and another's beside it under this member.
fn beside(kit: &Kit, operation: &Operation, name: &str) -> String {
    let members =
        format!("{},\"{name}\":{}", member(operation, &json!(kit.eec).to_string()), json!(kit.other_eec));
    operation.body(&members, None).unwrap_or_default()
}

/// What only one operation has.
fn special() -> Vec<Case> {
    let rows: [(&str, &str, &str, &str); 4] = [
        (
            "DISC-REQUEST",
            "EAS-ID",
            "an EAS's name beside the client's own",
            "\"easId\":\"eas.conformance.invalid\"",
        ),
        (
            "DISC-REQUEST",
            "EES-ID",
            "an EES's name beside the client's own",
            "\"eesId\":\"ees.conformance.invalid\"",
        ),
        (
            "UEID-GET",
            "IP-ADDRESS",
            "an address beside the UE's own identifier",
            "\"ipAddr\":{\"ipv4Addr\":\"192.0.2.1\"}",
        ),
        ("UEID-GET", "IP-ADDRESS-NULL", "a null address beside the UE's own identifier", "\"ipAddr\":null"),
    ];
    let case = |(operation, id, what, more): (&str, &str, &str, &'static str)| {
        let operation = OPERATIONS.iter().find(|op| op.id == operation)?;
        Some(Case {
            id: format!("BND-{}-{id}", operation.id),
            title: format!("To {}: {what}", operation.title),
            clause: operation.clause.to_owned(),
            on: On::Operation(operation),
            request: Box::new(move |kit, path| {
                let own = if operation.names == Names::UeId { &kit.gpsi } else { &kit.eec };
                let body = operation
                    .body(&format!("{},{more}", member(operation, &json!(own).to_string())), None)?;
                Some(request(kit, operation, path, body))
            }),
            want: Want::RefusedBody,
        })
    };
    rows.into_iter().filter_map(case).collect()
}
