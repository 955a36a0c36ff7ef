//! A host is believed for an algorithm only once it has told a good signature from a bad one. Some hosts have no
//! verification, some lack a hash or a curve and call everything bad: no token would pass, for ever.

use super::Algorithm;
use super::host::HostVerifier;
use super::probes::{self, Probe};
use std::sync::OnceLock;

/// A host and what it has shown to verify. What it cannot is verified here.
#[derive(Debug)]
pub struct ProvenHost<H> {
    host: H,
    es256: OnceLock<bool>,
    es384: OnceLock<bool>,
    rs256: OnceLock<bool>,
    rs384: OnceLock<bool>,
    rs512: OnceLock<bool>,
}

impl<H: HostVerifier> ProvenHost<H> {
    /// Nothing is asked yet.
    pub fn new(host: H) -> ProvenHost<H> {
        let [es256, es384, rs256, rs384, rs512] = [const { OnceLock::new() }; 5];
        ProvenHost { host, es256, es384, rs256, rs384, rs512 }
    }

    /// Whether the host verifies `algorithm`. It is asked the first time that somebody wants to know. `None`: there is no
    /// host to ask about this one.
    pub fn verifies(&self, algorithm: Algorithm) -> Option<bool> {
        let (known, probe) = match algorithm {
            Algorithm::Es256 => (&self.es256, &probes::ES256),
            Algorithm::Es384 => (&self.es384, &probes::ES384),
            Algorithm::Rs256 => (&self.rs256, &probes::RS256),
            Algorithm::Rs384 => (&self.rs384, &probes::RS384),
            Algorithm::Rs512 => (&self.rs512, &probes::RS512),
            Algorithm::EdDsa | Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Ps512 => return None,
        };
        Some(*known.get_or_init(|| self.passes(algorithm, probe)))
    }

    fn passes(&self, algorithm: Algorithm, probe: &Probe) -> bool {
        let ask = |text| self.host.verify(algorithm, probe.key, probe.signature, text);
        ask(probes::TEXT) == Some(true) && ask(probes::OTHER_TEXT) == Some(false)
    }
}

impl<H: HostVerifier> HostVerifier for ProvenHost<H> {
    fn verify(
        &self,
        algorithm: Algorithm,
        spki_der: &[u8],
        signature: &[u8],
        message: &[u8],
    ) -> Option<bool> {
        if self.verifies(algorithm)? {
            self.host.verify(algorithm, spki_der, signature, message)
        } else {
            None
        }
    }
}
