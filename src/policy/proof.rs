//! `proof`: how clients prove that a token is theirs (`docs/contract.md#proof`).

use crate::keys::Algorithm;
use crate::mac_key::MacKey;

/// What is asked of the sender of a bound token.
#[derive(Debug)]
pub struct ProofRules {
    /// Whether every token must be bound.
    pub required: bool,
    /// How DPoP proofs are checked (RFC 9449), if they are.
    pub dpop: Option<DpopRules>,
    /// Whether tokens may be bound to the TLS client certificate (RFC 8705).
    pub client_certificate: bool,
}

/// How DPoP proofs are checked.
#[derive(Debug)]
pub struct DpopRules {
    /// The algorithms that a proof may have, each once.
    pub algorithms: Vec<Algorithm>,
    /// How old a proof may be, in seconds.
    pub max_age_seconds: f64,
    /// The scheme in `htu`.
    pub scheme: UriScheme,
    /// Whether and how proofs must carry a nonce of ours.
    pub nonce: Option<NonceRules>,
}

/// How clients reach us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UriScheme {
    /// `http`
    Http,
    /// `https`
    Https,
}

impl UriScheme {
    /// Its name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            UriScheme::Http => "http",
            UriScheme::Https => "https",
        }
    }

    /// The port that need not be written.
    pub fn default_port(self) -> &'static str {
        match self {
            UriScheme::Http => "80",
            UriScheme::Https => "443",
        }
    }
}

/// How nonces are made and taken.
#[derive(Debug)]
pub struct NonceRules {
    /// The first one makes them, all take them; never empty.
    pub keys: Vec<MacKey>,
    /// How long one is good, in seconds.
    pub seconds: f64,
}

impl DpopRules {
    /// How long a proof can pass after the moment that it names: its own, or that of its nonce.
    pub fn lasts_seconds(&self) -> f64 {
        self.nonce.as_ref().map_or(self.max_age_seconds, |nonce| nonce.seconds)
    }

    /// The names of the algorithms, as in `algs`: Ed25519 goes by two.
    pub fn algorithm_names(&self) -> String {
        let names = self.algorithms.iter().map(|algorithm| match algorithm {
            Algorithm::EdDsa => "Ed25519 EdDSA",
            other => other.name(),
        });
        names.collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(nonce: Option<NonceRules>) -> DpopRules {
        DpopRules {
            algorithms: vec![Algorithm::Es256, Algorithm::EdDsa],
            max_age_seconds: 60.0,
            scheme: UriScheme::Https,
            nonce,
        }
    }

    #[test]
    fn a_proof_lasts_as_long_as_its_nonce_where_there_is_one() {
        let nonce = |seconds| Some(NonceRules { keys: vec![], seconds });
        assert!((rules(None).lasts_seconds() - 60.0).abs() < f64::EPSILON);
        assert!((rules(nonce(300.0)).lasts_seconds() - 300.0).abs() < f64::EPSILON);
        assert!((rules(nonce(30.0)).lasts_seconds() - 30.0).abs() < f64::EPSILON);
    }

    #[test]
    fn ed25519_goes_by_two_names() {
        assert_eq!(rules(None).algorithm_names(), "ES256 Ed25519 EdDSA");
    }

    #[test]
    fn a_scheme_has_the_port_that_its_registration_gives_it() {
        assert_eq!((UriScheme::Http.name(), UriScheme::Http.default_port()), ("http", "80"));
        assert_eq!((UriScheme::Https.name(), UriScheme::Https.default_port()), ("https", "443"));
    }
}
