//! Pinned X.509 certificates (RFC 5280): a key with a name and dates. Who signed it does not matter.

use super::error::{KeyError, KeyErrors};
use super::key_set::Window;
use super::pem;
use super::public_key::PublicKey;
use super::spki;
use super::thumbprint::base64url;
use crate::fqdn::Fqdn;
use crate::time::UnixTime;
use sha2::{Digest, Sha256};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{KeyUsage, SubjectAltName};

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

impl Certificate {
    /// Reads one PEM block `CERTIFICATE` (RFC 7468, section 5). `alg` is as in [`PublicKey::from_pem`]. Members in the
    /// errors: `.certificate_pem`, `.alg`.
    pub fn from_pem(text: &str, alg: Option<&str>) -> Result<Certificate, KeyErrors> {
        let der = pem::read(text, pem::Label::Certificate).map_err(|error| vec![at(error)])?;
        let Ok(certificate) = x509_cert::Certificate::from_der(&der) else {
            return wrong("is not the DER of an X.509 certificate; take it from its issuer again");
        };
        let tbs = &certificate.tbs_certificate;
        let mut errors = KeyErrors::new();
        match tbs.get::<KeyUsage>() {
            Ok(None) => {}
            Ok(Some((_, usage))) if usage.digital_signature() => {}
            Ok(Some(_)) => errors
                .push(error("has a keyUsage without digitalSignature; use a certificate for signatures")),
            Err(_) => errors.push(error("has a keyUsage that cannot be read; take it from its issuer again")),
        }
        let dns_names = match tbs.get::<SubjectAltName>() {
            Ok(names) => names.map(|(_, names)| dns_names(&names)).unwrap_or_default(),
            Err(_) => {
                errors.push(error("has a subjectAltName that cannot be read; take it from its issuer again"));
                Vec::new()
            }
        };
        let key = tbs
            .subject_public_key_info
            .to_der()
            .map_err(|_| vec![error("has a key that cannot be read; take it from its issuer again")])
            .and_then(|spki| spki::decode(&spki).map_err(|errors| errors.into_iter().map(at).collect()))
            .and_then(|parts| parts.with_algorithm(alg).map_err(|error| vec![error]));
        let seconds = |time: x509_cert::time::Time| UnixTime::new(time.to_unix_duration().as_secs_f64());
        let window = Window {
            not_before: seconds(tbs.validity.not_before),
            not_after: seconds(tbs.validity.not_after),
        };
        match key {
            Ok(key) if errors.is_empty() => {
                let x5t_s256 = base64url(&Sha256::digest(&der)).into_boxed_str();
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
    pub fn check_name(&self, server: &Fqdn) -> Result<(), KeyError> {
        if self.dns_names.iter().any(|name| server.is(name.as_bytes())) {
            return Ok(());
        }
        let names: Vec<String> = self.dns_names.iter().take(4).map(|name| format!("{name:?}")).collect();
        let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        Err(error(&format!(
            "names other hosts: a dNSName in its subjectAltName must be {:?} (there: {there}); use the certificate \
             of this server",
            server.as_str()
        )))
    }
}

fn dns_names(names: &SubjectAltName) -> Vec<Box<str>> {
    let dns_name = |name: &GeneralName| match name {
        GeneralName::DnsName(name) => Some(Box::from(name.as_str())),
        _ => None,
    };
    names.0.iter().filter_map(dns_name).collect()
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
