//! The authority that vouches for the server's keys (`x5c`): a root, to be pinned as one of `trust_anchors_pem`, and one below it that
//! signs their certificates.

use crate::cli::clock;
use crate::cli::failure::Failure;
use crate::cli::random::random;
use crate::cli::signing_key::{Algorithm, SigningKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, Error, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyIdMethod, KeyUsagePurpose, PKCS_ED25519, PublicKeyData, SerialNumber, SignatureAlgorithm,
};
use sha2::{Digest as _, Sha256};
use std::time::Duration;

const DAY: u64 = 86_400;
/// How long authorities are good for, and keys, in days. All are good since yesterday, for clocks that are late.
const AUTHORITY_DAYS: u64 = 3_650;
const KEY_DAYS: u64 = 30;
/// id-kp-jwt (RFC 9509).
const JWT_SIGNING: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 3, 37];

/// An authority of two certificates.
pub(super) struct Authority {
    root: Certificate,
    issuing: Certificate,
    issuer: Issuer<'static, Signer>,
}

impl Authority {
    /// A new one: nobody has ever heard of it.
    pub(super) fn new() -> Result<Authority, Failure> {
        let (root, issuing) = (Signer::generate()?, Signer::generate()?);
        let root_params = authority("root of the development entitlement server", &root, 1)?;
        let issuing_params =
            authority("issuing authority of the development entitlement server", &issuing, 0)?;
        let made = root_params.self_signed(&root).map_err(failed)?;
        let below = Issuer::new(root_params, root);
        let signed = issuing_params.signed_by(&issuing, &below).map_err(failed)?;
        Ok(Authority { root: made, issuing: signed, issuer: Issuer::new(issuing_params, issuing) })
    }

    /// The certificate to pin.
    pub(super) fn root_pem(&self) -> String {
        self.root.pem()
    }

    /// The chain that says that `key` is the server's: `x5c` of its JWK (RFC 7517, section 4.7), without the root.
    pub(super) fn chain(&self, key: &SigningKey, fqdn: &str) -> Result<[String; 2], Failure> {
        let public = Public::of(key)?;
        let mut params = dated(KEY_DAYS, &public)?;
        // Only the names in the subjectAltName count.
        let name = rcgen::SanType::DnsName(fqdn.try_into().map_err(failed)?);
        params.subject_alt_names.push(name);
        params.key_usages.push(KeyUsagePurpose::DigitalSignature);
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::Other(JWT_SIGNING.into()));
        params.use_authority_key_identifier_extension = true;
        params.distinguished_name.push(DnType::CommonName, "key of the development entitlement server");
        let certificate = params.signed_by(&public, &self.issuer).map_err(failed)?;
        Ok([&certificate, &self.issuing].map(|certificate| STANDARD.encode(certificate.der())))
    }
}

fn authority(name: &str, key: &Signer, below: u8) -> Result<CertificateParams, Failure> {
    let mut params = dated(AUTHORITY_DAYS, &key.public)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(below));
    params.key_usages.push(KeyUsagePurpose::KeyCertSign);
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

/// What all of them have.
fn dated(days: u64, key: &Public) -> Result<CertificateParams, Failure> {
    let mut params = CertificateParams::default();
    let today = u64::try_from(clock::now()).unwrap_or_default();
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + Duration::from_secs(today.saturating_sub(DAY));
    params.not_after = epoch + Duration::from_secs(today.saturating_add(days.saturating_mul(DAY)));
    params.distinguished_name = rcgen::DistinguishedName::new();
    // Positive, and of 16 bytes at most (RFC 5280, section 4.1.2.2 allows 20).
    params.serial_number = Some(SerialNumber::from_slice(&random::<16>()?));
    let identifier = Sha256::digest(&key.0).iter().take(20).copied().collect();
    params.key_identifier_method = KeyIdMethod::PreSpecified(identifier);
    Ok(params)
}

fn failed(error: Error) -> Failure {
    Failure::new(format!("a certificate cannot be made: {error}"))
}

/// An Ed25519 public key.
struct Public(Vec<u8>);

impl Public {
    fn of(key: &SigningKey) -> Result<Public, Failure> {
        let jwk = key.public_jwk();
        let x = jwk.get("x").and_then(serde_json::Value::as_str).unwrap_or_default();
        Ok(Public(URL_SAFE_NO_PAD.decode(x).map_err(Failure::because("the key"))?))
    }
}

impl PublicKeyData for Public {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ED25519
    }
}

/// A key that signs certificates.
struct Signer {
    key: SigningKey,
    public: Public,
}

impl Signer {
    fn generate() -> Result<Signer, Failure> {
        let key = SigningKey::generate(Algorithm::EdDsa)?;
        Ok(Signer { public: Public::of(&key)?, key })
    }
}

impl PublicKeyData for Signer {
    fn der_bytes(&self) -> &[u8] {
        self.public.der_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.public.algorithm()
    }
}

impl rcgen::SigningKey for Signer {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.key.signature(message))
    }
}
