//! The signatures on certificates, verified with our own keys behind the trait of rustls-webpki.

use super::algorithm::{Algorithm, Family};
use super::host::HostVerifier;
use super::public_key::{Parts, PublicKey};
use super::spki;
use der::asn1::UintRef;
use der::{Decode, Reader, SliceReader};
use rustls_pki_types::alg_id;
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most signatures that are verified for one set: with 64 keys, two for each and some to spare.
const MAX_SIGNATURES: usize = 160;

/// The most of them that may be bad: authorities that were renewed with another key bring about some, a stranger only those.
const MAX_BAD: usize = 16;

/// As how many signatures one of RSASSA-PSS counts, which hosts do not verify; and one with a key of over 4,096 bits.
const PSS: usize = 4;
const LONG_PSS: usize = 16;

/// The length of a signature with 4,096 bits.
const LONG: usize = 512;

/// How many signatures may still be verified for one set: nobody has vouched for its certificates before, and meanwhile
/// the worker does nothing else.
#[derive(Debug)]
pub struct Work {
    left: AtomicUsize,
    bad: AtomicUsize,
}

impl Default for Work {
    fn default() -> Work {
        Work { left: AtomicUsize::new(MAX_SIGNATURES), bad: AtomicUsize::new(MAX_BAD) }
    }
}

impl Work {
    /// Whether there is room for a signature of this weight.
    fn take(&self, weight: usize) -> bool {
        self.bad.load(Ordering::Relaxed) > 0 && less(&self.left, weight)
    }

    fn was_bad(&self) {
        less(&self.bad, 1);
    }
}

fn less(number: &AtomicUsize, by: usize) -> bool {
    number.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(by)).is_ok()
}

/// An algorithm of certificates: the signature's, and the identifiers of it and of its keys.
struct CertificateAlgorithm<'w> {
    algorithm: Algorithm,
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    work: &'w Work,
    host: &'w dyn HostVerifier,
}

impl fmt::Debug for CertificateAlgorithm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} in certificates", self.algorithm)
    }
}

/// All of them.
pub(super) struct Algorithms<'w>(Vec<CertificateAlgorithm<'w>>);

impl<'w> Algorithms<'w> {
    pub(super) fn new(work: &'w Work, host: &'w dyn HostVerifier) -> Algorithms<'w> {
        let with = |algorithm, key, signature| CertificateAlgorithm { algorithm, key, signature, work, host };
        let rsa = |algorithm, signature| with(algorithm, alg_id::RSA_ENCRYPTION, signature);
        Algorithms(vec![
            with(Algorithm::Es256, alg_id::ECDSA_P256, alg_id::ECDSA_SHA256),
            with(Algorithm::Es384, alg_id::ECDSA_P384, alg_id::ECDSA_SHA384),
            with(Algorithm::EdDsa, alg_id::ED25519, alg_id::ED25519),
            rsa(Algorithm::Rs256, alg_id::RSA_PKCS1_SHA256),
            rsa(Algorithm::Rs384, alg_id::RSA_PKCS1_SHA384),
            rsa(Algorithm::Rs512, alg_id::RSA_PKCS1_SHA512),
            rsa(Algorithm::Ps256, alg_id::RSA_PSS_SHA256),
            rsa(Algorithm::Ps384, alg_id::RSA_PSS_SHA384),
            rsa(Algorithm::Ps512, alg_id::RSA_PSS_SHA512),
        ])
    }

    pub(super) fn all(&self) -> Vec<&dyn SignatureVerificationAlgorithm> {
        self.0.iter().map(|algorithm| algorithm as &dyn SignatureVerificationAlgorithm).collect()
    }
}

impl CertificateAlgorithm<'_> {
    fn key(&self, bytes: &[u8]) -> Option<PublicKey> {
        let parts = match self.algorithm.family() {
            Family::Ed25519 => Parts::ed25519(bytes),
            Family::Ecdsa(curve) => spki::decode_point(curve, bytes),
            Family::RsaPkcs1 | Family::RsaPss => spki::decode_rsa(bytes),
        };
        parts.ok()?.with_algorithm(Some(self.algorithm.name())).ok()
    }

    /// As how many signatures this one counts.
    fn weight(&self, signature: &[u8]) -> usize {
        match self.algorithm.family() {
            Family::RsaPss if signature.len() > LONG => LONG_PSS,
            Family::RsaPss => PSS,
            Family::Ed25519 | Family::Ecdsa(_) | Family::RsaPkcs1 => 1,
        }
    }

    /// `None`: key or signature cannot be read.
    fn is_good(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
        let key = self.key(public_key)?;
        Some(key.verify(message, &self.as_in_jose(signature)?, self.host))
    }

    /// The signature as JOSE has it: certificates have those of ECDSA in DER (RFC 3279, section 2.2.3).
    fn as_in_jose(&self, signature: &[u8]) -> Option<Vec<u8>> {
        match self.algorithm.family() {
            Family::Ecdsa(curve) => r_and_s(signature, curve.length()),
            Family::Ed25519 | Family::RsaPkcs1 | Family::RsaPss => Some(signature.to_vec()),
        }
    }
}

/// r and s of an ECDSA signature in DER, each in full length.
fn r_and_s(signature: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut reader = SliceReader::new(signature).ok()?;
    let pair = reader.sequence(|pair| Ok([UintRef::decode(pair)?, UintRef::decode(pair)?])).ok()?;
    reader.finish(()).ok()?;
    let mut bytes = Vec::with_capacity(length.saturating_mul(2));
    for number in pair {
        let padding = length.checked_sub(number.as_bytes().len())?;
        bytes.resize(bytes.len().saturating_add(padding), 0);
        bytes.extend_from_slice(number.as_bytes());
    }
    Some(bytes)
}

impl SignatureVerificationAlgorithm for CertificateAlgorithm<'_> {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        if !self.work.take(self.weight(signature)) {
            return Err(InvalidSignature);
        }
        if self.is_good(public_key, message, signature) == Some(true) {
            return Ok(());
        }
        self.work.was_bad();
        Err(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

#[cfg(test)]
mod tests {
    use super::super::NoHost;
    use super::*;

    /// What hosts do not verify costs this worker more, and a long key much more.
    #[test]
    fn a_signature_counts_as_much_as_it_costs() {
        let work = Work::default();
        for algorithm in &Algorithms::new(&work, &NoHost).0 {
            let weights = [64, 256, LONG, LONG + 1, 1024].map(|length| algorithm.weight(&vec![0; length]));
            let expected = match algorithm.algorithm {
                Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Ps512 => [4, 4, 4, 16, 16],
                _ => [1; 5],
            };
            assert_eq!(weights, expected, "{algorithm:?}");
            assert_eq!(format!("{algorithm:?}"), format!("{:?} in certificates", algorithm.algorithm));
        }
    }

    /// Each is refused unread once the set has cost enough, or too many were bad.
    #[test]
    fn no_set_costs_more_than_its_bound() {
        let work = Work::default();
        let algorithms = Algorithms::new(&work, &NoHost);
        let of = |wanted| algorithms.0.iter().find(|algorithm| algorithm.algorithm == wanted).unwrap();
        let left = || work.left.load(Ordering::Relaxed);
        let verify = |algorithm, length: usize| {
            of(algorithm).verify_signature(&[], &[], &vec![1; length]).expect_err("no signature");
        };
        verify(Algorithm::Ps256, 1024);
        assert_eq!(left(), MAX_SIGNATURES - 16);
        verify(Algorithm::Ps512, 256);
        verify(Algorithm::Es256, 64);
        assert_eq!(left(), MAX_SIGNATURES - 16 - 4 - 1);
        (3..MAX_BAD).for_each(|_| verify(Algorithm::EdDsa, 64));
        let spent = left();
        verify(Algorithm::EdDsa, 64);
        assert_eq!(left(), spent, "no more than {MAX_BAD} are bad");
        let tired = Work { left: AtomicUsize::new(15), ..Work::default() };
        assert!(!tired.take(16) && tired.take(15) && !tired.take(1));
    }
}
