//! TLS as a client: the system's certificate authorities, or those of `--ca`.

use crate::cli::failure::Failure;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// What a connection over TLS needs.
pub(crate) fn client(ca: Option<&Path>) -> Result<Arc<ClientConfig>, Failure> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(file) => {
            let what = format!("--ca: cannot read {}", file.display());
            for certificate in CertificateDer::pem_file_iter(file).map_err(Failure::because(&what))? {
                let certificate = certificate.map_err(Failure::because(&what))?;
                roots.add(certificate).map_err(Failure::because(&what))?;
            }
        }
        // What of them cannot be read is no reason to stop: a target by another one may be fine.
        None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
    }
    if roots.is_empty() {
        return Err(Failure::new("no certificate authority to trust; name a file of theirs by --ca"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(Failure::because("TLS"))?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// What to do about a connection that failed, where it is known: `has_ca` tells whether `--ca` was given.
pub(crate) fn remedy(error: &io::Error, has_ca: bool) -> &'static str {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let is_unknown = matches!(
        inner,
        Some(rustls::Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature
        ))
    );
    match (is_unknown, has_ca) {
        (false, _) => "",
        (true, false) => "; name the CA that has signed its certificate by --ca FILE",
        (true, true) => "; no CA in the file of --ca has signed its certificate",
    }
}
