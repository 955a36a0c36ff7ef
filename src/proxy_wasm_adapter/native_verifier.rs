//! The host's native signature verification, Envoy's foreign function `verify_signature` (BoringSSL).

use super::hostcalls::{self, Level};
use crate::keys::{Algorithm, Hash, HostVerifier, ProvenHost};
use crate::policy::Policy;

const FUNCTION: &str = "verify_signature";

/// The size of a yes, in bytes. The function returns a protobuf message of a Boolean and, where that is false, an error in words: a
/// yes is tag and value, a no is empty or longer. So the host need not bring the message into our memory, which costs as much
/// as two kilobytes of hashing. A host that writes it otherwise is not believed from the start ([`ProvenHost`]).
const YES: usize = 2;

/// The tag of the first field of a message, where that is a string or bytes; each later one's is 8 more.
const FIRST_TAG: u8 = 1 << 3 | 2;

/// The host's verification, to be believed as far as it is proven.
#[derive(Debug, Clone, Copy)]
pub(super) struct NativeVerifier;

/// The host, asked at once about the algorithms of all pinned keys; what it lacks is told.
pub(super) fn proven(policy: &Policy) -> ProvenHost<NativeVerifier> {
    let host = ProvenHost::new(NativeVerifier);
    let is_pinned = |algorithm: Algorithm| {
        let mut keys = policy.entitlement_servers.iter().flat_map(|server| server.keys.keys());
        let proofs = policy.dpop().is_some_and(|dpop| dpop.algorithms.contains(&algorithm));
        proofs || keys.any(|key| key.key.algorithm() == algorithm)
    };
    let pinned = Algorithm::ALL.iter().filter(|algorithm| is_pinned(**algorithm));
    for algorithm in pinned.filter(|algorithm| host.verifies(**algorithm) == Some(false)) {
        let name = algorithm.name();
        let message =
            format!("this host does not verify {name}: it is done in WebAssembly, which takes longer");
        hostcalls::log(Level::Warn, &message);
    }
    host
}

impl HostVerifier for NativeVerifier {
    fn verify(
        &self,
        algorithm: Algorithm,
        spki_der: &[u8],
        signature: &[u8],
        message: &[u8],
    ) -> Option<bool> {
        let hash_function = match algorithm.hash() {
            Hash::Sha256 => "sha256",
            Hash::Sha384 => "sha384",
            Hash::Sha512 => "sha512",
        };
        let arguments = arguments([hash_function.as_bytes(), spki_der, signature, message]);
        Some(hostcalls::size_of_foreign_result(FUNCTION, &arguments)? == YES)
    }
}

/// What the function takes: a protobuf message of four fields that are strings or bytes, numbered from 1.
fn arguments(fields: [&[u8]; 4]) -> Vec<u8> {
    let length = fields.iter().fold(0_usize, |sum, field| sum.saturating_add(field.len()).saturating_add(6));
    let mut message = Vec::with_capacity(length);
    for (field, tag) in fields.into_iter().zip((FIRST_TAG..).step_by(8)) {
        message.push(tag);
        let mut size = field.len();
        while size >= 0x80 {
            message.push(0x80 | (size & 0x7f) as u8);
            size >>= 7;
        }
        message.push(size as u8);
        message.extend_from_slice(field);
    }
    message
}
