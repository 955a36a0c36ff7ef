//! The filter JSON (`docs/contract.md#filter-json`), declared once: the parser checks by it and the JSON Schema is
//! printed from it.

use super::shape::{Form, Member, Presence, Shape};
use super::words::{self, names};
use Presence::{Flag, Integer, Optional, Required, Text};

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

static ENTITLEMENT_SERVER: Shape = Shape::Object(&[
    member("fqdn", Shape::Text, Required, "The FQDN of the entitlement server: what `iss` must name."),
    member("issuer", Shape::Text, Optional, "The exact `iss`, instead of the FQDN rule."),
    member(
        "audiences",
        Shape::List { item: &Shape::Text, min: 1 },
        Optional,
        "What names the edge server in `aud` beside `protects.fqdns`, to the letter.",
    ),
    member(
        "eec_id_claim",
        Shape::Text,
        Optional,
        "The claim with the EEC ID in this server's tokens, instead of that of `token`.",
    ),
    member(
        "gpsi_claim",
        Shape::Text,
        Optional,
        "The claim with the GPSI(s) in this server's tokens, instead of that of `token`.",
    ),
    member(
        "scope_claim",
        Shape::Text,
        Text("scope"),
        "The claim with the scopes of this server's tokens, for `token.scopes`: a name or a JSON pointer.",
    ),
    member(
        "keys",
        Shape::List { item: &KEY, min: 1 },
        Optional,
        "The pinned public keys of this server; required unless `online` with `rfc7662` is given.",
    ),
    member("online", ONLINE, Optional, "How this server is asked about tokens."),
]);

const ONLINE: Shape = Shape::Object(&[
    member(
        "method",
        Shape::Choice(&names(&words::METHOD)),
        Required,
        "`rfc7662`: token introspection; `ts43`: ValidateOperatorToken of GSMA TS.43.",
    ),
    member(
        "cluster",
        Shape::Text,
        Required,
        "The Envoy cluster to send to; it must use TLS and check the name.",
    ),
    member("path", Shape::Text, Text("/oauth2/introspect"), "The path to send to."),
    member("authority", Shape::Text, Optional, "The :authority to send; default: the server's `fqdn`."),
    member(
        "timeout_ms",
        Shape::Integer { min: 1, max: 60_000 },
        Integer(500),
        "How long a request waits for an answer, in milliseconds.",
    ),
    member(
        "apply_to",
        Shape::Choice(&names(&words::APPLY_TO)),
        Text("opaque"),
        "`opaque`: tokens that are no JWTs; `all`: every token, after the local checks.",
    ),
    member("client_id", Shape::Text, Optional, "The filter's own name at the entitlement server."),
    member(
        "client_secret_env",
        Shape::Text,
        Optional,
        "The variable in the VM's environment that holds the secret for HTTP Basic (`rfc7662`).",
    ),
    member(
        "parameters",
        Shape::Named(&Shape::Text),
        Optional,
        "More members of the request (`ts43`), such as `requestor_id` and `scope`.",
    ),
    member(
        "cache_seconds",
        Shape::Integer { min: 0, max: 86_400 },
        Integer(30),
        "How long an answer \"active\" is kept, in seconds; never past `exp`.",
    ),
    member(
        "negative_cache_seconds",
        Shape::Integer { min: 0, max: 86_400 },
        Integer(5),
        "How long an answer \"inactive\" is kept, in seconds.",
    ),
    member(
        "on_unavailable",
        Shape::Choice(&names(&words::ON_UNAVAILABLE)),
        Text("deny"),
        "While the server cannot be asked: `deny`, or let pass what a pinned key has verified.",
    ),
]);

pub(super) static KEY: Shape = Shape::Forms(
    &[JWK, JWKS, PUBLIC_KEY_PEM, CERTIFICATE_PEM, JWKS_REMOTE, KID, ALG, NOT_BEFORE, NOT_AFTER],
    &[
        Form { needs: &["jwk"], takes: &["not_before", "not_after"] },
        Form { needs: &["jwks"], takes: &["not_before", "not_after"] },
        Form { needs: &["public_key_pem"], takes: &["kid", "alg", "not_before", "not_after"] },
        Form { needs: &["certificate_pem"], takes: &["kid", "alg", "not_before", "not_after"] },
        Form { needs: &["jwks_remote"], takes: &[] },
    ],
);

/// A key that vouches for a fetched set: pinned like any other.
const SIGNER: Shape = Shape::Forms(
    &[JWK, JWKS, PUBLIC_KEY_PEM, CERTIFICATE_PEM, KID, ALG, NOT_BEFORE, NOT_AFTER],
    &[
        Form { needs: &["jwk"], takes: &[] },
        Form { needs: &["jwks"], takes: &[] },
        Form { needs: &["public_key_pem"], takes: &["kid", "alg"] },
        Form { needs: &["certificate_pem"], takes: &["kid", "alg"] },
    ],
);

const JWK: Member = member("jwk", Shape::Foreign, Optional, "A public key as a JWK (RFC 7517).");
const JWKS: Member = member("jwks", Shape::Foreign, Optional, "A JWK set (RFC 7517), as issued.");
const PUBLIC_KEY_PEM: Member =
    member("public_key_pem", Shape::Text, Optional, "A public key in PEM (SubjectPublicKeyInfo).");
const CERTIFICATE_PEM: Member = member(
    "certificate_pem",
    Shape::Text,
    Optional,
    "One X.509 certificate in PEM; its dates and name are checked.",
);
const KID: Member = member("kid", Shape::Text, Optional, "With a PEM form: the key's `kid`.");
const ALG: Member = member(
    "alg",
    Shape::Text,
    Optional,
    "With a PEM form: the one algorithm of an RSA key; default `RS256`.",
);
const NOT_BEFORE: Member =
    member("not_before", Shape::Text, Optional, "The key's first moment (RFC 3339, UTC).");
const NOT_AFTER: Member =
    member("not_after", Shape::Text, Optional, "The moment from which the key is over (RFC 3339, UTC).");

const JWKS_REMOTE: Member = member(
    "jwks_remote",
    Shape::Object(&[
        member(
            "cluster",
            Shape::Text,
            Required,
            "The Envoy cluster to fetch the set from; it must use TLS and check the name.",
        ),
        member("path", Shape::Text, Text("/jwks"), "The path of the set."),
        member("authority", Shape::Text, Optional, "The :authority to send; default: the server's `fqdn`."),
        member(
            "refresh_seconds",
            Shape::Integer { min: 1, max: 86_400 },
            Integer(300),
            "How often the set is fetched, in seconds.",
        ),
        member(
            "timeout_ms",
            Shape::Integer { min: 1, max: 60_000 },
            Integer(1_000),
            "How long an answer, and a request that needs it, waits, in milliseconds.",
        ),
        member(
            "max_stale_seconds",
            Shape::Integer { min: 1, max: 31_536_000 },
            Integer(86_400),
            "How long a set holds from its fetch while no other can be had, in seconds.",
        ),
        member(
            "signed_by",
            SIGNER,
            Optional,
            "The key that signs the set, which then comes as a JWS; it never verifies a token.",
        ),
        member(
            "trust_anchors_pem",
            Shape::List { item: &Shape::Text, min: 1 },
            Optional,
            "Certificates of authorities in PEM: the `x5c` of each key must lead to one of them.",
        ),
    ]),
    Optional,
    "A JWK set that is fetched from the entitlement server.",
);

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

const PROOF: Shape = Shape::AnyOf(
    &[
        member("required", Shape::Flag, Flag(false), "Whether every token must be bound (`cnf`)."),
        member("dpop", DPOP, Optional, "DPoP (RFC 9449), for tokens with `cnf.jkt`."),
        member(
            "client_certificate",
            Shape::Flag,
            Flag(false),
            "Whether tokens may be bound to the TLS client certificate (RFC 8705), by `cnf[\"x5t#S256\"]`.",
        ),
    ],
    &["dpop", "client_certificate"],
);

const DPOP: Shape = Shape::Object(&[
    member(
        "algorithms",
        Shape::List { item: &Shape::Choice(&names(&words::PROOF_ALGORITHM)), min: 1 },
        Optional,
        "The algorithms that a proof may have; default: ES256 and EdDSA.",
    ),
    member(
        "max_age_seconds",
        Shape::Integer { min: 1, max: 86_400 },
        Integer(60),
        "How old a proof may be, by its `iat`, in seconds; with `nonce` it is not looked at.",
    ),
    member(
        "scheme",
        Shape::Choice(&names(&words::SCHEME)),
        Text("https"),
        "The scheme of the URI that clients put into `htu`.",
    ),
    member("nonce", NONCE, Optional, "Proofs must carry a nonce of this filter (RFC 9449, section 9)."),
]);

const NONCE: Shape = Shape::Object(&[
    member(
        "secret_env",
        Shape::List { item: &Shape::Text, min: 1 },
        Required,
        "Variables in the VM's environment, each with base64url of at least 32 bytes: the first makes nonces, all take them.",
    ),
    member(
        "seconds",
        Shape::Integer { min: 1, max: 86_400 },
        Integer(300),
        "How long a nonce is good, in seconds.",
    ),
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

static RULE: Shape = Shape::Object(&[
    member("name", Shape::Text, Optional, "A name for messages."),
    member("match", MATCH, Required, "Which requests the rule takes; all that is given must hold."),
    member(
        "action",
        Shape::Choice(&names(&words::ACTION)),
        Text("authenticate"),
        "What becomes of such a request.",
    ),
    member("claims", Shape::List { item: &CLAIM_CHECK, min: 0 }, Optional, "What must hold of the token."),
    member("bind", Shape::List { item: &BINDING, min: 0 }, Optional, "What the body must say."),
    member(
        "built_in_binding",
        Shape::Flag,
        Flag(true),
        "Whether the identity binding of a built-in operation applies as well.",
    ),
    member(
        "mode",
        Shape::Choice(&names(&words::MODE)),
        Text("enforce"),
        "`shadow`: failures of this rule's `claims` and `bind` are recorded only.",
    ),
]);

const MATCH: Shape = Shape::AnyOf(
    &[
        member("methods", Shape::List { item: &Shape::Text, min: 1 }, Optional, "Any of these methods."),
        member("hosts", Shape::List { item: &Shape::Text, min: 1 }, Optional, "Any of these hosts."),
        member("path", Shape::Text, Optional, "Exactly this path."),
        member("path_prefix", Shape::Text, Optional, "This path and all below it, by whole segments."),
        member("path_template", Shape::Text, Optional, "A path with `{name}` for one segment."),
        member("api", Shape::Text, Optional, "The built-in operations of this API."),
    ],
    &["path", "path_prefix", "path_template", "api"],
);

pub(super) static CLAIM_CHECK: Shape = Shape::Forms(
    &[
        member("claim", Shape::Text, Required, "The claim: a name or a JSON pointer."),
        member("equals", Shape::Scalar, Optional, "It is this string, number or boolean."),
        member("one_of", Shape::List { item: &Shape::Scalar, min: 1 }, Optional, "It is one of these."),
        member("prefix", Shape::Text, Optional, "It is a string that starts so."),
        member("suffix", Shape::Text, Optional, "It is a string that ends so."),
        member("contains", Shape::Text, Optional, "It has this member, or this word."),
        member("present", Shape::Flag, Optional, "It is there, or not."),
    ],
    &[
        Form { needs: &["equals"], takes: &[] },
        Form { needs: &["one_of"], takes: &[] },
        Form { needs: &["prefix"], takes: &[] },
        Form { needs: &["suffix"], takes: &[] },
        Form { needs: &["contains"], takes: &[] },
        Form { needs: &["present"], takes: &[] },
    ],
);

static BINDING: Shape = Shape::Forms(
    &[
        member("claim", Shape::Text, Optional, "The claim: a name or a JSON pointer; with `body`."),
        member("body", Shape::Text, Optional, "The place in the body, a JSON pointer; with `claim`."),
        member("required", Shape::Flag, Flag(true), "Whether it must be there at all."),
        member(
            "absent",
            Shape::Text,
            Optional,
            "Instead of all others: a place in the body where nothing may be.",
        ),
    ],
    &[Form { needs: &["claim", "body"], takes: &["required"] }, Form { needs: &["absent"], takes: &[] }],
);

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

const fn member(name: &'static str, shape: Shape, presence: Presence, doc: &'static str) -> Member {
    // A proxy prints no schema: its module needs no descriptions.
    let doc = if cfg!(target_os = "wasi") { "" } else { doc };
    Member { name, shape, presence, doc }
}
