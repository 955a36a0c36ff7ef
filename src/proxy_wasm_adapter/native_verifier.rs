//! The host's native signature verification, Envoy's foreign function `verify_signature` (BoringSSL).

use super::hostcalls::{self, Level};
use crate::keys::{Algorithm, Hash, HostVerifier, ProvenHost};
use crate::policy::Policy;
use prost::Message;
use prost::encoding::WireType;

const FUNCTION: &str = "verify_signature";

/// What it returns.
#[derive(Message)]
struct Verdict {
    #[prost(bool, tag = "1")]
    result: bool,
    #[prost(string, tag = "2")]
    error: String,
}

/// The host's verification, to be believed as far as it is proven.
#[derive(Debug, Clone, Copy)]
pub(super) struct NativeVerifier;

/// The host, asked at once about the algorithms of all pinned keys; what it lacks is told.
pub(super) fn proven(policy: &Policy) -> ProvenHost<NativeVerifier> {
    let host = ProvenHost::new(NativeVerifier);
    let is_pinned = |algorithm: Algorithm| {
        let mut keys = policy.entitlement_servers.iter().flat_map(|server| server.keys.keys());
        keys.any(|key| key.key.algorithm() == algorithm)
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
        let answer = hostcalls::call_foreign_function(FUNCTION, &arguments)?;
        Verdict::decode(answer.as_slice()).ok().map(|verdict| verdict.result)
    }
}

/// What the function takes: a protobuf message of four fields that are strings or bytes, numbered from 1. Written by
/// hand, since a generated message would own, and so copy, all that it is made of.
fn arguments(fields: [&[u8]; 4]) -> Vec<u8> {
    let length = fields.iter().fold(0_usize, |sum, field| sum.saturating_add(field.len()).saturating_add(6));
    let mut message = Vec::with_capacity(length);
    for (field, number) in fields.into_iter().zip(1..) {
        prost::encoding::encode_key(number, WireType::LengthDelimited, &mut message);
        prost::encoding::encode_varint(field.len() as u64, &mut message);
        message.extend_from_slice(field);
    }
    message
}
