//! Where keys of an entitlement server are fetched from, as configured (`docs/contract.md#fetched-keys`).

use crate::fqdn::Fqdn;
use crate::keys::{KeySet, TrustAnchors};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// A key set that is fetched.
#[derive(Debug, Clone)]
pub struct JwksRemote {
    /// The Envoy cluster to send to.
    pub cluster: Box<str>,
    /// `:path`
    pub path: Box<str>,
    /// `:authority`
    pub authority: Box<str>,
    /// How often it is fetched, in seconds.
    pub refresh_seconds: u64,
    /// How long an answer is waited for, in milliseconds.
    pub timeout_ms: u64,
    /// How long a set holds from its fetch, in seconds.
    pub max_stale_seconds: u64,
    /// The keys of which one signs the set; empty: it comes plain. They verify nothing else.
    pub signed_by: KeySet,
    /// Where the certificate chain of each key must lead to; empty: keys need none.
    pub trust_anchors: TrustAnchors,
    /// The server's FQDN: what certificates must name.
    pub fqdn: Fqdn,
    /// To whom a set belongs: the server and all that is configured here.
    pub set_name: Name,
    /// To whom the times of signed sets belong: the server.
    pub server_name: Name,
}

/// A name that is made of texts: two are the same exactly where all of their texts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(Box<str>);

impl Name {
    /// The name made of `texts`.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Name {
        let mut hash = Sha256::new();
        for text in texts {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        Name(URL_SAFE_NO_PAD.encode(hash.finalize()).into_boxed_str())
    }

    /// The name as a text without special characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_texts_differ_and_nothing_of_a_name_is_special() {
        let texts: [&[&str]; 6] = [&[], &[""], &["a"], &["a", "b"], &["b", "a"], &["ab"]];
        for (number, one) in texts.iter().enumerate() {
            let name = Name::of(one.iter().copied());
            assert_eq!(name.as_str().len(), 43, "{one:?}");
            assert!(
                name.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)),
                "{one:?}"
            );
            for (other_number, other) in texts.iter().enumerate() {
                let other = Name::of(other.iter().copied());
                assert_eq!(name.as_str() == other.as_str(), number == other_number, "{one:?} {other:?}");
            }
        }
    }
}
