//! The members of an entitlement server: whose tokens it issues, and how it is asked about them.

use super::keys::KEY;
use crate::config::shape::{Presence, Shape, member};
use crate::config::words::{self, names};
use Presence::{Integer, Optional, Required, Text};

pub(super) static ENTITLEMENT_SERVER: Shape = Shape::Object(&[
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
