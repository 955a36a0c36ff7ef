//! Pinned X.509 certificates (RFC 5280): a key with a name and dates. Who signed it does not matter.

use super::error::{KeyError, KeyErrors};
use super::key_set::Window;
use super::pem;
use super::public_key::PublicKey;
use super::spki;
use super::thumbprint::base64url;
use super::x509;
use crate::fqdn::Fqdn;
use sha2::{Digest, Sha256};

/// What a certificate says about its key.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The key.
    pub key: PublicKey,
    /// The base64url SHA-256 of its DER (RFC 7515, section 4.1.8).
    pub x5t_s256: Box<str>,
    /// Its dates; like a configured window, the end is exclusive.
    pub window: Window,
    /// The dNSName entries of its subjectAltName, as written.
    pub dns_names: Vec<Box<str>>,
}

/// What any certificate says that matters for a chain, an authority's too.
#[derive(Debug, Clone)]
pub struct Outline {
    /// The base64url SHA-256 of its DER.
    pub x5t_s256: Box<str>,
    /// Its dates.
    pub window: Window,
    /// The dNSName entries of its subjectAltName.
    pub dns_names: Vec<Box<str>>,
}

impl Certificate {
    /// What the certificate in `der` says, whether its key is of use here or not; `None`: it is none.
    pub fn outline(der: &[u8]) -> Option<Outline> {
        let read = x509::read(der).ok()?;
        let window = Window { not_before: read.not_before, not_after: read.not_after };
        let x5t_s256 = base64url(&Sha256::digest(der)).into_boxed_str();
        Some(Outline { x5t_s256, window, dns_names: read.dns_names })
    }

    /// Reads one PEM block `CERTIFICATE` (RFC 7468, section 5). `alg` is as in [`PublicKey::from_pem`].
    ///
    /// # Errors
    ///
    /// What is wrong with the text, the certificate, its key or `alg`. Members: `.certificate_pem`, `.alg`.
    pub fn from_pem(text: &str, alg: Option<&str>) -> Result<Certificate, KeyErrors> {
        let der = pem::read(text, pem::Label::Certificate).map_err(|error| vec![at(error)])?;
        Certificate::from_der(&der, alg)
    }

    /// Reads the DER of one certificate.
    ///
    /// # Errors
    ///
    /// As [`Certificate::from_pem`].
    pub fn from_der(der: &[u8], alg: Option<&str>) -> Result<Certificate, KeyErrors> {
        let Ok(read) = x509::read(der) else {
            return wrong("is not the DER of an X.509 certificate; take it from its issuer again");
        };
        let mut errors = KeyErrors::new();
        if read.digital_signature == Some(false) {
            errors.push(error("has a keyUsage without digitalSignature; use a certificate for signatures"));
        }
        if read.not_before.is_none() || read.not_after.is_none() {
            let message =
                "has a date before 1970, where times begin here; use a certificate with later dates";
            errors.push(error(message));
        }
        let key = spki::decode(read.spki)
            .map_err(|errors| errors.into_iter().map(at).collect())
            .and_then(|parts| parts.with_algorithm(alg).map_err(|error| vec![error]));
        let window = Window { not_before: read.not_before, not_after: read.not_after };
        let dns_names = read.dns_names;
        match key {
            Ok(key) if errors.is_empty() => {
                let x5t_s256 = base64url(&Sha256::digest(der)).into_boxed_str();
                Ok(Certificate { key, x5t_s256, window, dns_names })
            }
            key => {
                errors.extend(key.err().into_iter().flatten());
                Err(errors)
            }
        }
    }

    /// The certificate must be that of the entitlement server: a dNSName must be its FQDN. Wildcards are for
    /// hosts that serve many names, and the common name is for people.
    ///
    /// # Errors
    ///
    /// It is somebody else's, or names no host at all.
    pub fn check_name(&self, server: &Fqdn) -> Result<(), KeyError> {
        if self.dns_names.iter().any(|name| server.is(name.as_bytes())) {
            return Ok(());
        }
        if self.dns_names.is_empty() {
            return Err(error(&format!(
                "has no dNSName in a subjectAltName, so it does not say that it is {:?}; get one that does, or pin its key alone as \
                 \"public_key_pem\" (`openssl x509 -pubkey -noout`): then no name and no dates are checked; not if it is a CA's, whose key signs no tokens",
                server.as_str()
            )));
        }
        let names: Vec<String> = self.dns_names.iter().take(4).map(|name| format!("{name:?}")).collect();
        let there = names.join(", ");
        Err(error(&format!(
            "names other hosts: a dNSName in its subjectAltName must be {:?} (there: {there}); use the certificate \
             of this server",
            server.as_str()
        )))
    }
}

fn at(error: KeyError) -> KeyError {
    KeyError { member: ".certificate_pem".into(), ..error }
}

fn error(message: &str) -> KeyError {
    KeyError::invalid(".certificate_pem", message)
}

fn wrong<T>(message: &str) -> Result<T, KeyErrors> {
    Err(vec![error(message)])
}
