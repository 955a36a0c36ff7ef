//! Keys of the operator's own for HMAC-SHA256: what this filter hands out and must know again carries a MAC, so that no state is
//! kept and replicas with the same secret accept each other's.

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use std::fmt;

/// A secret, ready to make MACs with. The secret itself is not kept, and nothing of it is shown.
#[derive(Clone)]
pub struct MacKey(Hmac<Sha256>);

impl MacKey {
    /// The shortest secret, in bytes: the size of the hash (RFC 2104, section 3).
    pub const MIN_BYTES: usize = 32;

    /// The key made of `secret`; `None` if it is too short.
    pub fn new(secret: &[u8]) -> Option<MacKey> {
        if secret.len() < MacKey::MIN_BYTES {
            return None;
        }
        Hmac::new_from_slice(secret).ok().map(MacKey)
    }

    /// The MAC over `parts`, each as its length (4 bytes, big-endian) and its bytes, so that no two lists of parts are one input.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.over(parts).finalize().into_bytes().into()
    }

    /// Whether `start`, which is not empty, is how the MAC over `parts` begins; compared in constant time.
    pub fn verifies(&self, parts: &[&[u8]], start: &[u8]) -> bool {
        self.over(parts).verify_truncated_left(start).is_ok()
    }

    fn over(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut hash = self.0.clone();
        for part in parts {
            // Nothing of that length gets here: headers are bounded by the proxy.
            hash.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            hash.update(part);
        }
        hash
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [u8; 32] = [7; 32];

    /// From Python: `hmac.new(b"\x07" * 32, b"".join(len(p).to_bytes(4, "big") + p for p in [b"a", b"", b"bc"]), "sha256")`.
    #[test]
    fn a_mac_is_what_another_implementation_makes_of_it() {
        let mac = MacKey::new(&SECRET).expect("long enough").mac(&[b"a", b"", b"bc"]);
        let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "fabee93be1f4f1034d4bc6675ce67d68783f3fc485a86a92bc4b7e771a82e4fd");
    }

    #[test]
    fn only_the_start_of_the_mac_over_these_parts_verifies() {
        let key = MacKey::new(&SECRET).expect("long enough");
        let mac = key.mac(&[b"ab", b"c"]);
        assert!(key.verifies(&[b"ab", b"c"], &mac) && key.verifies(&[b"ab", b"c"], &mac[..16]));
        assert!(!key.verifies(&[b"a", b"bc"], &mac[..16]), "where a part ends counts");
        assert!(!key.verifies(&[b"ab", b"c"], &mac[1..17]) && !key.verifies(&[b"ab", b"c"], b""));
        let other = MacKey::new(&[8; 32]).expect("long enough");
        assert!(!other.verifies(&[b"ab", b"c"], &mac[..16]));
    }

    #[test]
    fn a_short_secret_is_none_and_no_secret_is_shown() {
        assert!(MacKey::new(&[7; 31]).is_none());
        assert_eq!(format!("{:?}", MacKey::new(b"correct horse battery staple, twice")), "Some(MacKey(…))");
    }
}
