//! The filter JSON (`docs/contract.md#filter-json`), declared once: the parser checks by it and the JSON Schema is
//! printed from it.

pub(super) mod keys;
mod proof;
pub(super) mod rules;
mod servers;

use super::shape::{Presence, Shape, member};
use super::words::{self, names};
use Presence::{Flag, Integer, Optional, Required, Text};
use proof::PROOF;
use rules::RULE;
use servers::ENTITLEMENT_SERVER;

/// The whole configuration of the filter.
pub static FILTER_JSON: Shape = Shape::Object(&[
    member(
        "name",
        Shape::Text,
        Optional,
        "Goes into the names of all statistics: for several listeners in one Envoy, which share them without it.",
    ),
    member(
        "mode",
        Shape::Choice(&names(&words::MODE)),
        Text("enforce"),
        "`enforce`: a denial refuses the request; `shadow`: it is counted and logged, and the request goes on.",
    ),
    member("protects", PROTECTS, Required, "The edge server behind the filter."),
    member(
        "entitlement_servers",
        Shape::List { item: &ENTITLEMENT_SERVER, min: 1 },
        Required,
        "The entitlement servers (GSMA TS.43) whose tokens are accepted.",
    ),
    member("token", TOKEN, Optional, "What a token must look like."),
    member("ownership", OWNERSHIP, Optional, "Who made a resource owns it; absent: nobody asks."),
    member(
        "proof",
        PROOF,
        Optional,
        "How clients prove that a token is theirs; absent: no token with `cnf` is accepted.",
    ),
    member(
        "rules",
        Shape::List { item: &RULE, min: 0 },
        Optional,
        "Rules, tried in order before the operations.",
    ),
    member(
        "operations",
        Shape::Choice(&names(&words::OPERATIONS)),
        Text("built_in"),
        "`built_in`: the EDGE-1 or EDGE-4 operations of TS 24.558 for the role; `none`: nothing.",
    ),
    member(
        "gpsi",
        Shape::Choice(&names(&words::GPSI)),
        Text("if_present"),
        "How a UE ID in the body is bound to the token's GPSI.",
    ),
    member("body", BODY, Optional, "How bodies are looked at."),
    member("forward", FORWARD, Optional, "What the upstream gets to see."),
    member("revoked", REVOKED, Optional, "What is revoked; it holds for all entitlement servers."),
    member("cache", CACHE, Optional, "What a worker keeps."),
]);

const PROTECTS: Shape = Shape::Object(&[
    member(
        "role",
        Shape::Choice(&names(&words::ROLE)),
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
    member(
        "resource_metadata",
        Shape::Text,
        Optional,
        "The URI of the resource's metadata (RFC 9728), which goes into every challenge.",
    ),
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
    member(
        "require_typ",
        Shape::Choice(&names(&words::REQUIRE_TYP)),
        Optional,
        "What the `typ` of a JWT must be; without it a `typ` may be absent.",
    ),
    member(
        "scopes",
        Shape::Choice(&names(&words::SCOPES)),
        Text("off"),
        "`per_api`: a built-in operation needs the name of its API among the token's scopes.",
    ),
    member("eec_id_claim", Shape::Text, Text("sub"), "The claim with the EEC ID: a name or a JSON pointer."),
    member("gpsi_claim", Shape::Text, Text("gpsi"), "The claim with the GPSI(s): a name or a JSON pointer."),
]);

const OWNERSHIP: Shape = Shape::Object(&[
    member(
        "secret_env",
        Shape::List { item: &Shape::Text, min: 1 },
        Required,
        "Variables in the VM's environment that hold secrets, base64url of at least 32 bytes: the first one seals, all of \
         them open.",
    ),
    member(
        "unsealed",
        Shape::Choice(&names(&words::UNSEALED)),
        Text("deny"),
        "Identifiers without a seal: refused, or (for migration alone) let through, so that nothing is protected.",
    ),
]);

const BODY: Shape = Shape::Object(&[
    member(
        "limit_bytes",
        Shape::Integer { min: 1, max: 16_777_216 },
        Integer(65_536),
        "The longest body that is looked at, in bytes.",
    ),
    member(
        "hold_headers",
        Shape::Flag,
        Flag(false),
        "Whether the upstream sees nothing before the body is checked; needs the plugin option \
         `allow_on_headers_stop_iteration: true`.",
    ),
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

const REVOKED: Shape = Shape::Object(&[
    member("token_ids", Shape::List { item: &Shape::Text, min: 0 }, Optional, "Values of `jti`."),
    member("eec_ids", Shape::List { item: &Shape::Text, min: 0 }, Optional, "EEC IDs."),
    member(
        "key_ids",
        Shape::List { item: &Shape::Text, min: 0 },
        Optional,
        "Keys: the configured `kid`, the RFC 7638 thumbprint, or the certificate's `x5t#S256`.",
    ),
    member("issued_before", Shape::Text, Optional, "Tokens with an `iat` before this time (RFC 3339, UTC)."),
]);

const CACHE: Shape = Shape::Object(&[member(
    "tokens",
    Shape::Integer { min: 0, max: 10_000_000 },
    Integer(10_000),
    "How many verified tokens a worker keeps; 0 turns the cache off.",
)]);
