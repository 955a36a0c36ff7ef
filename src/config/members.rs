//! The filter JSON, declared once: the parser checks by it and the JSON Schema is printed from it.

use super::shape::{Member, Presence, Shape};
use Presence::{Flag, Integer, Optional, Required, Text};

/// The whole configuration of the filter.
pub static FILTER_JSON: Shape = Shape::Object(&[
    member(
        "mode",
        Shape::Choice(&["enforce"]),
        Text("enforce"),
        "What a denial does: `enforce` refuses the request.",
    ),
    member("protects", PROTECTS, Required, "The edge server behind the filter."),
    member(
        "entitlement_servers",
        Shape::List { item: &ENTITLEMENT_SERVER, min: 1 },
        Required,
        "The entitlement servers (GSMA TS.43) whose tokens are accepted.",
    ),
    member("token", TOKEN, Optional, "What a token must look like."),
    member(
        "operations",
        Shape::Choice(&["built_in", "none"]),
        Text("built_in"),
        "`built_in`: the EDGE-1 or EDGE-4 operations of TS 24.558 for the role; `none`: nothing.",
    ),
    member("forward", FORWARD, Optional, "What the upstream gets to see."),
]);

const PROTECTS: Shape = Shape::Object(&[
    member(
        "role",
        Shape::Choice(&["ees", "ecs"]),
        Required,
        "`ees`: an Edge Enabler Server (EDGE-1); `ecs`: an edge Configuration Server (EDGE-4).",
    ),
    member(
        "fqdns",
        Shape::List { item: &Shape::Text, min: 1 },
        Required,
        "The FQDNs of the edge server: what `aud` must name. The first one is the realm in challenges.",
    ),
    member("api_root", Shape::Text, Text("/"), "The path before the API name, `{apiRoot}` of TS 24.558."),
    member(
        "check_host",
        Shape::Flag,
        Flag(true),
        "Whether the request's :authority (port ignored) must be one of `fqdns`.",
    ),
]);

static ENTITLEMENT_SERVER: Shape = Shape::Object(&[
    member("fqdn", Shape::Text, Required, "The FQDN of the entitlement server: what `iss` must name."),
    member("issuer", Shape::Text, Optional, "The exact `iss`, instead of the FQDN rule."),
    member("keys", Shape::List { item: &KEY, min: 1 }, Required, "The pinned public keys of this server."),
]);

static KEY: Shape = Shape::Object(&[
    member("jwk", Shape::Foreign, Optional, "A public key as a JWK (RFC 7517)."),
    member("jwks", Shape::Foreign, Optional, "A JWK set (RFC 7517), as issued."),
]);

const TOKEN: Shape = Shape::Object(&[
    member(
        "max_bytes",
        Shape::Integer { min: 1, max: 1_048_576 },
        Integer(8192),
        "The longest token that is looked at, in bytes.",
    ),
    member(
        "clock_skew_seconds",
        Shape::Integer { min: 0, max: 86_400 },
        Integer(30),
        "How far clocks may differ, in seconds, for `exp`, `nbf` and `iat`.",
    ),
    member(
        "max_lifetime_seconds",
        Shape::Integer { min: 1, max: 3_153_600_000 },
        Integer(86_400),
        "The longest `exp` - `iat` (or `exp` - now without `iat`), in seconds.",
    ),
    member(
        "require_claims",
        Shape::List { item: &Shape::Text, min: 0 },
        Optional,
        "Claims that must be there besides `iss`, the EEC ID, `aud` and `exp`: names or JSON pointers.",
    ),
    member("eec_id_claim", Shape::Text, Text("sub"), "The claim with the EEC ID: a name or a JSON pointer."),
    member("gpsi_claim", Shape::Text, Text("gpsi"), "The claim with the GPSI(s): a name or a JSON pointer."),
]);

const FORWARD: Shape = Shape::Object(&[
    member("token", Shape::Flag, Flag(false), "Whether the upstream gets the Authorization header."),
    member(
        "headers",
        Shape::Named(&Shape::Text),
        Optional,
        "Identity headers for the upstream: header name to claim (a name or a JSON pointer).",
    ),
]);

const fn member(name: &'static str, shape: Shape, presence: Presence, doc: &'static str) -> Member {
    Member { name, shape, presence, doc }
}
