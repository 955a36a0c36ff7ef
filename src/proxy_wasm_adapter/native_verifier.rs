//! The host's native signature verification, Envoy's foreign function `verify_signature` (BoringSSL).

use super::hostcalls;
use crate::keys::{Hash, HostVerifier};
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

/// The host's verification, if it has shown that it can tell good from bad.
#[derive(Debug, Clone, Copy)]
pub(super) struct NativeVerifier {
    believed: bool,
}

impl NativeVerifier {
    /// Asks the host about a good and a bad signature, once for a configuration.
    pub(super) fn probe() -> NativeVerifier {
        let mut changed = PROBE_TEXT.to_vec();
        changed.reverse();
        let good = ask(Hash::Sha256, &PROBE_KEY, &PROBE_SIGNATURE, PROBE_TEXT);
        let bad = ask(Hash::Sha256, &PROBE_KEY, &PROBE_SIGNATURE, &changed);
        NativeVerifier { believed: good == Some(true) && bad == Some(false) }
    }
}

impl HostVerifier for NativeVerifier {
    fn verify(&self, hash: Hash, spki_der: &[u8], signature: &[u8], message: &[u8]) -> Option<bool> {
        if self.believed { ask(hash, spki_der, signature, message) } else { None }
    }
}

fn ask(hash: Hash, public_key: &[u8], signature: &[u8], text: &[u8]) -> Option<bool> {
    let hash_function = match hash {
        Hash::Sha256 => "sha256",
        Hash::Sha384 => "sha384",
        Hash::Sha512 => "sha512",
    };
    let arguments = arguments([hash_function.as_bytes(), public_key, signature, text]);
    let answer = hostcalls::call_foreign_function(FUNCTION, &arguments)?;
    Verdict::decode(answer.as_slice()).ok().map(|verdict| verdict.result)
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

const PROBE_TEXT: &[u8] = b"eec-authn: does this host verify?";

/// A P-256 key made for this probe alone, as a DER SubjectPublicKeyInfo.
const PROBE_KEY: [u8; 91] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04, 0x25, 0x44, 0x15, 0xd4, 0xe8, 0xc8, 0x04,
    0xc9, 0x85, 0x63, 0x9c, 0x23, 0x34, 0x92, 0x4d, 0xac, 0x40, 0x77, 0xa0, 0x00, 0xd9, 0xdc, 0xae, 0x5c,
    0x71, 0xcc, 0xc4, 0x2e, 0xad, 0x3c, 0x59, 0x75, 0x81, 0xfa, 0xd8, 0x7b, 0xb3, 0xdf, 0xfc, 0x23, 0xb3,
    0x38, 0x09, 0xcd, 0xeb, 0x7a, 0x8e, 0xac, 0x20, 0x9c, 0xfa, 0x65, 0x60, 0x11, 0xdb, 0x07, 0x5c, 0x1b,
    0x3a, 0xfd, 0x48, 0x91, 0x25, 0x7f,
];

/// Its ECDSA signature of [`PROBE_TEXT`] with SHA-256, as DER.
const PROBE_SIGNATURE: [u8; 70] = [
    0x30, 0x44, 0x02, 0x20, 0x22, 0xd8, 0xde, 0xa9, 0x09, 0x83, 0xe8, 0xb3, 0xc2, 0x0d, 0x3e, 0x9b, 0x5a,
    0xa3, 0x7e, 0xb2, 0xf9, 0x3b, 0x8b, 0xfb, 0xca, 0xa9, 0xe2, 0x31, 0x30, 0xe8, 0xe1, 0x5a, 0x75, 0x83,
    0x4d, 0x9d, 0x02, 0x20, 0x5a, 0x32, 0xff, 0xf1, 0x9e, 0x07, 0x4a, 0xee, 0x60, 0xe4, 0x9f, 0xb9, 0x64,
    0x80, 0x75, 0x4b, 0x99, 0x5a, 0x16, 0xde, 0x3d, 0xcb, 0x82, 0x17, 0x98, 0x2a, 0x94, 0xa4, 0x9a, 0xc0,
    0x1b, 0x13,
];
