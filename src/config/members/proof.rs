//! The members of `proof`.

use crate::config::shape::{Presence, Shape, member};
use crate::config::words::{self, names};
use Presence::{Flag, Integer, Optional, Required, Text};

pub(super) const PROOF: Shape = Shape::AnyOf(
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
