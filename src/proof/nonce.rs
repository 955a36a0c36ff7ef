//! Nonces (RFC 9449, section 9), stateless: each is a time and a MAC over it.
//!
//! Whoever has the same secrets takes them, so that a client may come back through another proxy.

use crate::mac_key::MacKey;
use crate::policy::proof::NonceRules;
use crate::time::UnixTime;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What the MAC is for, so that it is none of anything else.
const PURPOSE: &[u8] = b"eec_authn nonce 1";

/// Bytes of a time: milliseconds since 1970, big-endian.
const TIME: usize = 8;

/// Bytes of the MAC that a nonce has.
const MAC: usize = 16;

/// A nonce for the next proof; `None` without a key, which no configuration has.
pub(super) fn make(rules: &NonceRules, now: UnixTime) -> Option<String> {
    let time = ((now.seconds() * 1e3) as u64).to_be_bytes();
    let mac = rules.keys.first()?.mac(&[PURPOSE, &time]);
    Some(URL_SAFE_NO_PAD.encode([&time[..], mac.get(..MAC)?].concat()))
}

/// When `nonce` was made, if one of the keys made it.
pub(super) fn time_of(rules: &NonceRules, nonce: &str) -> Option<UnixTime> {
    let bytes = URL_SAFE_NO_PAD.decode(nonce).ok()?;
    let (time, mac) = bytes.split_first_chunk::<TIME>()?;
    let made = |key: &MacKey| key.verifies(&[PURPOSE, time], mac);
    (mac.len() == MAC && rules.keys.iter().any(made))
        .then(|| UnixTime::new(u64::from_be_bytes(*time) as f64 / 1e3))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(secrets: &[u8]) -> NonceRules {
        let keys = secrets.iter().map(|byte| MacKey::new(&[*byte; 32]).expect("a key")).collect();
        NonceRules { keys, seconds: 300.0 }
    }

    fn at(seconds: f64) -> UnixTime {
        UnixTime::new(seconds).expect("a time")
    }

    #[test]
    fn it_tells_when_it_was_made_to_whoever_has_the_secret() {
        let nonce = make(&rules(&[1]), at(1_800_000_000.25)).expect("a nonce");
        assert_eq!(time_of(&rules(&[2, 1]), &nonce), Some(at(1_800_000_000.25)));
        assert_eq!(time_of(&rules(&[2]), &nonce), None);
    }

    #[test]
    fn no_other_text_is_one() {
        let nonce = make(&rules(&[1]), at(1_800_000_000.0)).expect("a nonce");
        assert_eq!(nonce.len(), 32);
        for place in 0..nonce.len() {
            let mut other = nonce.clone().into_bytes();
            other[place] = if other[place] == b'A' { b'B' } else { b'A' };
            assert_eq!(time_of(&rules(&[1]), &String::from_utf8(other).expect("text")), None, "{place}");
        }
        for other in ["", "AAAA", nonce.trim_end_matches('n'), &format!("{nonce}AAAA"), &format!("{nonce}=")]
        {
            assert_eq!(time_of(&rules(&[1]), other), None, "{other}");
        }
    }

    /// From Python: `t = (1800000000000).to_bytes(8, "big"); p = b"eec_authn nonce 1"; base64.urlsafe_b64encode(t + hmac.new(b"\x01" *
    /// 32, len(p).to_bytes(4, "big") + p + (8).to_bytes(4, "big") + t, "sha256").digest()[:16])`.
    #[test]
    fn another_implementation_makes_the_same() {
        assert_eq!(
            make(&rules(&[1]), at(1_800_000_000.0)).as_deref(),
            Some("AAABoxhcUACgrPz4JY7hwaFuVnvDOgAn")
        );
    }
}
