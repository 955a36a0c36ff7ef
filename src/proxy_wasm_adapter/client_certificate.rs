//! The client certificate of the TLS connection that the host has terminated, by the host's own word: no header is believed.

use super::hostcalls;

/// Its SHA-256 in 64 hexadecimal digits. Absent without a certificate, and where the listener asks for none. A certificate that was
/// not validated is there as well: who has its key has proved that in the handshake.
const DIGEST: &str = "connection\0sha256_peer_certificate_digest";

/// The SHA-256 of the certificate.
pub(super) fn digest() -> Option<[u8; 32]> {
    let text = hostcalls::property(DIGEST)?;
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    let bytes: Option<Vec<u8>> = pairs.iter().map(crate::percent::hexadecimal).collect();
    bytes?.try_into().ok()
}
