//! The members of a key, in each of its forms.

use crate::config::shape::{Form, Member, Presence, Shape, member};
use Presence::{Integer, Optional, Required, Text};

pub(in crate::config) static KEY: Shape = Shape::Forms(
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
