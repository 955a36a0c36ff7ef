//! `TOK-SIG-…` and what stands under a signature of something else.

use super::case::{Case, refused, refused_if};
use super::kit::{Kit, base64url, part};
use serde_json::json;

pub(super) fn cases() -> Vec<Case> {
    /// A good token whose signature is changed.
    fn with(kit: &Kit, change: impl Fn(&mut Vec<u8>)) -> String {
        let input = part(&kit.token(), 0..2);
        let mut signature = kit.key.signature(input.as_bytes());
        change(&mut signature);
        format!("{input}.{}", base64url(signature))
    }
    vec![
        refused("TOK-SIG-EMPTY", "The signature is empty", "RFC 7515, 5.2", |kit| {
            format!("{}.", part(&kit.token(), 0..2))
        }),
        refused("TOK-SIG-FIRST-BIT", "One bit of the signature's first half", "RFC 7515, 5.2", |kit| {
            with(kit, |s| s[3] ^= 1)
        }),
        refused("TOK-SIG-LAST-BIT", "One bit of the signature's second half", "RFC 7515, 5.2", |kit| {
            with(kit, |s| {
                let half = s.len() / 2;
                s[half] ^= 1;
            })
        }),
        refused("TOK-SIG-SHORT", "The signature lacks a byte", "RFC 7515, 5.2", |kit| {
            with(kit, |s| s.truncate(s.len() - 1))
        }),
        refused("TOK-SIG-LONG", "The signature has a byte too many", "RFC 7515, 5.2", |kit| {
            with(kit, |s| s.push(0))
        }),
        refused("TOK-SIG-ZERO", "The signature is all zeros", "RFC 7515, 5.2", |kit| {
            with(kit, |s| s.fill(0))
        }),
        refused("TOK-SIG-ONES", "The signature is all ones", "RFC 7515, 5.2", |kit| {
            with(kit, |s| s.fill(255))
        }),
        refused("TOK-SIG-OTHER", "The signature of another good token", "RFC 7515, 5.2", |kit| {
            format!("{}.{}", part(&kit.token(), 0..2), part(&kit.token(), 2..3))
        }),
        refused_if("TOK-SIG-DER", "An ECDSA signature in DER", "RFC 7515, 5.2", |kit| {
            kit.key.alg().starts_with("ES").then(|| with(kit, |s| *s = der(s)))
        }),
        refused_if(
            "TOK-SIG-SWAPPED",
            "An ECDSA signature with its halves exchanged",
            "RFC 7515, 5.2",
            |kit| {
                kit.key.alg().starts_with("ES").then(|| {
                    with(kit, |s| {
                        let half = s.len() / 2;
                        s.rotate_left(half);
                    })
                })
            },
        ),
        refused_if(
            "TOK-SIG-UNREDUCED",
            "An Ed25519 signature whose S is not reduced",
            "RFC 7515, 5.2",
            |kit| (kit.key.alg() == "EdDSA").then(|| with(kit, |s| add_order(&mut s[32..]))),
        ),
        refused(
            "TOK-PAYLOAD-CHANGED",
            "Another `sub` under the signature of a good token",
            "RFC 7515, 5.2",
            |kit| {
                let token = kit.token();
                let claims = base64url(kit.claims_with(json!({"sub": format!("{}x", kit.eec)})).to_string());
                format!("{}.{claims}.{}", part(&token, 0..1), part(&token, 2..3))
            },
        ),
        refused("TOK-PAYLOAD-SPACE", "A space more in the payload of a good token", "RFC 7515, 5.2", |kit| {
            let (header, claims) = (base64url(kit.header().to_string()), kit.claims().to_string());
            let signature = kit.key.signature(format!("{header}.{}", base64url(&claims)).as_bytes());
            format!("{header}.{}.{}", base64url(format!("{claims} ")), base64url(signature))
        }),
        refused(
            "TOK-HEADER-CHANGED",
            "A member more in the header of a good token",
            "RFC 7515, 5.2",
            |kit| {
                let token = kit.token();
                let header = base64url(kit.header_with(json!({"x": 1})).to_string());
                format!("{header}.{}", part(&token, 1..3))
            },
        ),
    ]
}

/// An ECDSA signature (r, s) as DER: a SEQUENCE of two INTEGERs.
fn der(signature: &[u8]) -> Vec<u8> {
    let integer = |half: &[u8]| {
        let start = half.iter().position(|b| *b != 0).unwrap_or(half.len() - 1);
        let sign = if half[start] >= 128 { &[0][..] } else { &[] };
        let value = [sign, &half[start..]].concat();
        [&[2, value.len() as u8][..], &value].concat()
    };
    let (r, s) = signature.split_at(signature.len() / 2);
    let both = [integer(r), integer(s)].concat();
    [&[0x30, both.len() as u8][..], &both].concat()
}

/// Adds the order of the group to a number in little-endian: the same number to whoever reduces it (RFC 8032, 5.1.7).
fn add_order(number: &mut [u8]) {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (byte, order) in number.iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn der_of_a_signature_is_what_another_writer_makes_of_it() {
        use p256::ecdsa::signature::Signer as _;
        let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        for n in 0..50_u8 {
            let signature: p256::ecdsa::Signature = key.sign(&[n]);
            assert_eq!(der(&signature.to_bytes()), signature.to_der().as_bytes());
        }
    }

    #[test]
    fn an_unreduced_s_is_the_same_number() {
        // The order of the group is 2^252 + 27742317777372353535851937790883648493 (RFC 8032, 5.1).
        let mut zero = [0; 32];
        add_order(&mut zero);
        assert_eq!(
            u128::from_le_bytes(zero[..16].try_into().unwrap()),
            27_742_317_777_372_353_535_851_937_790_883_648_493
        );
        assert_eq!(u128::from_le_bytes(zero[16..].try_into().unwrap()), 1 << 124);
        let mut carried = [255; 32];
        carried[31] = 0x0f;
        add_order(&mut carried);
        assert_eq!((carried[0], carried[31]), (0xec, 0x20));
    }
}
