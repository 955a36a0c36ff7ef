//! A host is believed for an algorithm only once it has told a good signature from a bad one. Some hosts have no
//! verification, some lack a hash or a curve and call everything bad: no token would pass, for ever.

use super::algorithm::Algorithm;
use super::host::HostVerifier;
use super::probes::{OTHER_TEXT, PROBES, Probe, TEXT};
use std::sync::OnceLock;

/// A host and what it has shown to verify. What it cannot is verified here.
#[derive(Debug)]
pub struct ProvenHost<H> {
    host: H,
    /// What each probe has shown.
    known: [OnceLock<bool>; PROBES.len()],
}

impl<H: HostVerifier> ProvenHost<H> {
    /// Nothing is asked yet.
    pub fn new(host: H) -> ProvenHost<H> {
        ProvenHost { host, known: [const { OnceLock::new() }; PROBES.len()] }
    }

    /// Whether the host verifies `algorithm`. It is asked the first time that somebody wants to know. `None`: there is no
    /// host to ask about this one.
    pub fn verifies(&self, algorithm: Algorithm) -> Option<bool> {
        let mut probes = PROBES.iter().zip(&self.known);
        let ((_, probe), known) = probes.find(|((probed, _), _)| *probed == algorithm)?;
        Some(*known.get_or_init(|| self.passes(algorithm, probe)))
    }

    fn passes(&self, algorithm: Algorithm, probe: &Probe) -> bool {
        let ask = |text| self.host.verify(algorithm, probe.key, probe.signature, text);
        ask(TEXT) == Some(true) && ask(OTHER_TEXT) == Some(false)
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
