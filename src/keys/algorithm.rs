//! Signature algorithms, a row each. A key has exactly one (RFC 8725, section 3.1): the token never chooses. One that says none has
//! the first of the rows that fit it.

use super::curve::Curve;

macro_rules! algorithms {
    ($($variant:ident, $name:literal, $family:expr, $hash:ident, $doc:literal;)*) => {
        /// A JWS signature algorithm (RFC 7518, RFC 8037).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Algorithm {
            $(#[doc = $doc] $variant,)*
        }

        impl Algorithm {
            /// Every algorithm that a pinned key may have.
            pub const ALL: &'static [Algorithm] = &[$(Algorithm::$variant,)*];

            /// The name in `alg`.
            pub fn name(self) -> &'static str {
                match self { $(Algorithm::$variant => $name,)* }
            }

            /// Whose keys have it, and how they sign.
            pub(super) const fn family(self) -> Family {
                use Family::*;
                match self { $(Algorithm::$variant => $family,)* }
            }

            /// The hash of the message.
            pub const fn hash(self) -> Hash {
                match self { $(Algorithm::$variant => Hash::$hash,)* }
            }
        }
    };
}

algorithms! {
    EdDsa, "EdDSA", Ed25519, Sha512, "Ed25519.";
    Es256, "ES256", Ecdsa(Curve::P256), Sha256, "ECDSA on P-256 with SHA-256.";
    Es384, "ES384", Ecdsa(Curve::P384), Sha384, "ECDSA on P-384 with SHA-384.";
    Rs256, "RS256", RsaPkcs1, Sha256, "RSASSA-PKCS1-v1_5 with SHA-256.";
    Rs384, "RS384", RsaPkcs1, Sha384, "RSASSA-PKCS1-v1_5 with SHA-384.";
    Rs512, "RS512", RsaPkcs1, Sha512, "RSASSA-PKCS1-v1_5 with SHA-512.";
    Ps256, "PS256", RsaPss, Sha256, "RSASSA-PSS with SHA-256, for the message and in MGF1, and a salt as long as the hash.";
    Ps384, "PS384", RsaPss, Sha384, "RSASSA-PSS with SHA-384, likewise.";
    Ps512, "PS512", RsaPss, Sha512, "RSASSA-PSS with SHA-512, likewise.";
}

// Only RSA's verifiers take the hash from the row: a row with another one would say what nobody does.
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "computed by the compiler alone")]
const _: () = {
    let mut row = 0;
    while row < Algorithm::ALL.len() {
        let algorithm = Algorithm::ALL[row];
        assert!(
            match algorithm.family() {
                Family::Ed25519 => matches!(algorithm.hash(), Hash::Sha512),
                Family::Ecdsa(Curve::P256) => matches!(algorithm.hash(), Hash::Sha256),
                Family::Ecdsa(Curve::P384) => matches!(algorithm.hash(), Hash::Sha384),
                Family::RsaPkcs1 | Family::RsaPss => true,
            },
            "the verifier of this family has another hash"
        );
        row += 1;
    }
};

impl Algorithm {
    /// Whether `alg`, in a key or a token, means this. Ed25519 goes by two names: that of RFC 8037, which names the
    /// family, and that of RFC 9864, which replaces it.
    pub fn is_named(self, alg: &str) -> bool {
        alg == self.name() || (self == Algorithm::EdDsa && alg == "Ed25519")
    }
}

/// What algorithms have in common that differ in their hash alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// RFC 8032
    Ed25519,
    /// On this curve.
    Ecdsa(Curve),
    /// RSASSA-PKCS1-v1_5
    RsaPkcs1,
    /// RSASSA-PSS
    RsaPss,
}

/// The hash of a signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
}
