//! Signatures of the RFCs' examples, and what is none.

use super::super::{NoHost, PublicKey};
use super::{ED25519, P256, parse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// RFC 8037, appendix A.4.
pub(super) const RFC_8037_A4: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
/// RFC 7515, appendix A.3.
pub(super) const RFC_7515_A3: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

pub(super) fn split(jws: &str) -> (&[u8], Vec<u8>) {
    let (input, signature) = jws.rsplit_once('.').unwrap();
    (input.as_bytes(), URL_SAFE_NO_PAD.decode(signature).unwrap())
}

fn key(jwk: &str) -> PublicKey {
    parse(jwk).unwrap().key
}

#[test]
fn the_examples_verify_and_no_changed_one_does() {
    for (jwk, jws) in [(ED25519, RFC_8037_A4), (P256, RFC_7515_A3)] {
        let key = key(jwk);
        let (input, signature) = split(jws);
        assert!(key.verify(input, &signature, &NoHost), "{jws}");
        for bit in 0..signature.len() * 8 {
            let mut changed = signature.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.verify(input, &changed, &NoHost), "{jws}, bit {bit} of the signature");
        }
        for byte in 0..input.len() {
            let mut changed = input.to_vec();
            changed[byte] ^= 1;
            assert!(!key.verify(&changed, &signature, &NoHost), "{jws}, byte {byte} of the input");
        }
    }
}

#[test]
fn signatures_of_any_length_are_fine_to_ask_about() {
    for (jwk, jws) in [(ED25519, RFC_8037_A4), (P256, RFC_7515_A3)] {
        let key = key(jwk);
        let (input, signature) = split(jws);
        for length in 0..signature.len() {
            assert!(!key.verify(input, &signature[..length], &NoHost), "{length}");
        }
        let longer = [&signature[..], &[0]].concat();
        assert!(!key.verify(input, &longer, &NoHost));
        for fill in [0, 0xff] {
            assert!(!key.verify(input, &vec![fill; signature.len()], &NoHost));
        }
    }
}

#[test]
fn ed25519_s_has_one_form() {
    const L: [u8; 32] = *b"\xed\xd3\xf5\x5c\x1a\x63\x12\x58\xd6\x9c\xf7\xa2\xde\xf9\xde\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10";
    let (input, mut signature) = split(RFC_8037_A4);
    let mut carry = 0;
    for (byte, l) in signature[32..].iter_mut().zip(L) {
        let sum = u16::from(*byte) + u16::from(l) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert!(!key(ED25519).verify(input, &signature, &NoHost), "S + L");
}

#[test]
fn es256_accepts_both_s_and_refuses_zero() {
    let (input, signature) = split(RFC_7515_A3);
    let zero = [0; 32];
    for (r, s) in [(&zero[..], &signature[32..]), (&signature[..32], &zero[..]), (&zero, &zero)] {
        assert!(!key(P256).verify(input, &[r, s].concat(), &NoHost));
    }
}
