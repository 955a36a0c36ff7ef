//! `PTH-…`: spellings of a path that some server takes for an operation: none of them leads around a check.

use super::case::{Case, On, Want};
use super::kit::Kit;
use super::operation_table::OPERATIONS;
use super::wire::Request;

const TR: &str = "TR 33.739, 6.25";

/// A spelling of the operation's path.
type Spelling = fn(&str) -> String;

const ROWS: [(&str, &str, Spelling); 20] = [
    ("SLASHES", "`//` at the path's start", |path| format!("/{path}")),
    ("SLASHES-INSIDE", "`//` in the path", |path| path.replace("/v1/", "//v1/")),
    ("DOT", "`/./` in the path", |path| path.replace("/v1/", "/./v1/")),
    ("DOTS", "`/../` in the path", |path| path.replace("/v1/", "/x/../v1/")),
    ("DOTS-ESCAPED", "`/%2e%2e/` in the path", |path| path.replace("/v1/", "/x/%2e%2e/v1/")),
    ("DOTS-PARAMETER", "`/..;/` in the path", |path| path.replace("/v1/", "/x/..;/v1/")),
    ("TRAILING-SLASH", "`/` at the path's end", |path| format!("{path}/")),
    ("TRAILING-DOT", "`.` at the path's end", |path| format!("{path}.")),
    ("TRAILING-SPACE", "an escaped space at the path's end", |path| format!("{path}%20")),
    ("JSON", "`.json` at the path's end", |path| format!("{path}.json")),
    ("PARAMETER", "`;a=b` at the path's end", |path| format!("{path};a=b")),
    ("FRAGMENT", "`#a` at the path's end", |path| format!("{path}#a")),
    ("NUL", "`%00` at the path's end", |path| format!("{path}%00")),
    ("CAPITALS", "a capital letter in the path", |path| path.replace("/v1/", "/V1/")),
    ("CAPITAL-NAME", "the path's last segment in capitals", |path| match path.rsplit_once('/') {
        Some((start, end)) => format!("{start}/{}", end.to_ascii_uppercase()),
        None => path.to_ascii_uppercase(),
    }),
    ("ESCAPED-LETTER", "a letter of the path escaped", |path| path.replace("/v1/", "/%761/")),
    ("ESCAPED-TWICE", "a letter of the path escaped twice", |path| path.replace("/v1/", "/%25761/")),
    ("ESCAPED-SLASH", "a `/` of the path escaped", |path| path.replace("/v1/", "/v1%2F")),
    ("BACKSLASH", "a backslash in the path for `/`", |path| path.replace("/v1/", "/v1\\")),
    ("OVERLONG", "a `/` of the path in overlong UTF-8", |path| path.replace("/v1/", "/v1%c0%af")),
];

pub(super) fn cases() -> Vec<Case> {
    let spelled = ROWS.into_iter().flat_map(|(id, what, spelling)| {
        both(id, what, move |kit| kit.good().target(spelling(&kit.target.path(kit.good_operation().path))))
    });
    let method = both("METHOD", "the method in small letters", |kit| kit.good().method("post"));
    spelled.chain(method).chain(methods()).collect()
}

/// The request without a token, and with the token of another client than its body names.
fn both(id: &str, what: &str, request: impl Fn(&Kit) -> Request + Copy + 'static) -> [Case; 2] {
    let uris = "TS 24.558, resource URIs";
    [
        Case::new(
            &format!("PTH-NO-TOKEN-{id}"),
            &format!("No token, and {what}"),
            TR,
            Want::RefusedPlace,
            move |kit| Some(request(kit)),
        ),
        Case::new(
            &format!("PTH-FOREIGN-{id}"),
            &format!("Another client's token, and {what}"),
            uris,
            Want::RefusedPlace,
            move |kit| Some(request(kit).bearer(&kit.other_token())),
        ),
    ]
}

/// No operation is let through without a token.
fn methods() -> impl Iterator<Item = Case> {
    OPERATIONS.iter().map(|operation| Case {
        id: format!("PTH-NO-TOKEN-{}", operation.id),
        title: format!("No token: {}", operation.title),
        clause: TR.into(),
        on: On::Operation(operation),
        request: Box::new(move |kit, path| Some(kit.of(operation, path, &kit.eec, &kit.gpsi))),
        want: Want::RefusedToken,
    })
}
