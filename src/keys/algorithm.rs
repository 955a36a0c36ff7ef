//! Signature algorithms. A key has exactly one (RFC 8725, section 3.1): the token never chooses.

/// A JWS signature algorithm (RFC 7518, RFC 8037).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Ed25519.
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256, for the message and in MGF1, and a salt as long as the hash.
    Ps256,
    /// RSASSA-PSS with SHA-384, likewise.
    Ps384,
    /// RSASSA-PSS with SHA-512, likewise.
    Ps512,
}

impl Algorithm {
    /// Every algorithm that a pinned key may have.
    pub const ALL: &'static [Algorithm] = &[
        Algorithm::EdDsa,
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Rs256,
        Algorithm::Rs384,
        Algorithm::Rs512,
        Algorithm::Ps256,
        Algorithm::Ps384,
        Algorithm::Ps512,
    ];

    /// The name in `alg`.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::EdDsa => "EdDSA",
            Algorithm::Es256 => "ES256",
            Algorithm::Es384 => "ES384",
            Algorithm::Rs256 => "RS256",
            Algorithm::Rs384 => "RS384",
            Algorithm::Rs512 => "RS512",
            Algorithm::Ps256 => "PS256",
            Algorithm::Ps384 => "PS384",
            Algorithm::Ps512 => "PS512",
        }
    }

    /// Whether `alg`, in a key or a token, means this. Ed25519 goes by two names: that of RFC 8037, which names the
    /// family, and that of RFC 9864, which replaces it.
    pub fn is_named(self, alg: &str) -> bool {
        alg == self.name() || (self == Algorithm::EdDsa && alg == "Ed25519")
    }

    /// The hash of the message.
    pub fn hash(self) -> Hash {
        match self {
            Algorithm::Es256 | Algorithm::Rs256 | Algorithm::Ps256 => Hash::Sha256,
            Algorithm::Es384 | Algorithm::Rs384 | Algorithm::Ps384 => Hash::Sha384,
            Algorithm::EdDsa | Algorithm::Rs512 | Algorithm::Ps512 => Hash::Sha512,
        }
    }
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
