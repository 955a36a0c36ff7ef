//! What a request brings to show that its token is its own.

use crate::decision::Scheme;
use crate::jws::CompactJws;
use crate::keys::PublicKey;
use crate::request::RequestView;

/// The longest proof, in bytes.
const MAX_PROOF: usize = 4_096;

/// What a request brings beside its token, and what a proof must have been made for. It is no longer there than the request's headers: for
/// a token about which the entitlement server has to be asked first, they are read once more.
pub struct Presented<'a> {
    /// The scheme under which the token came.
    pub(super) scheme: Scheme,
    /// The token.
    pub(super) token: &'a [u8],
    /// The method.
    pub(super) method: &'a [u8],
    /// The path and query.
    pub(super) target: &'a [u8],
    /// The host and port.
    pub(super) authority: &'a [u8],
    /// The `DPoP` header.
    pub(super) proof: ProofHeader<'a>,
    /// The SHA-256 of the TLS client certificate, as far as somebody wanted to know.
    pub(super) client_certificate: Option<[u8; 32]>,
}

/// The `DPoP` header of a request.
pub(super) enum ProofHeader<'a> {
    /// There is none.
    Absent,
    /// There is one, not too long.
    One(&'a [u8]),
    /// There are several.
    Several,
    /// There is one, and it is too long to be looked at.
    TooLong,
}

impl<'a> Presented<'a> {
    /// What `request` brings with this token.
    pub fn by(request: &RequestView<'a>, scheme: Scheme, token: &'a [u8]) -> Presented<'a> {
        let mut proofs = request.values(b"dpop");
        let proof = match (proofs.next(), proofs.next()) {
            (None, _) => ProofHeader::Absent,
            (Some(_), Some(_)) => ProofHeader::Several,
            (Some(proof), None) if proof.len() > MAX_PROOF => ProofHeader::TooLong,
            (Some(proof), None) => ProofHeader::One(proof),
        };
        Presented {
            scheme,
            token,
            method: request.method,
            target: request.target,
            authority: request.authority,
            proof,
            client_certificate: request.client_certificate,
        }
    }

    /// The scheme and by which key the proof is, in words for whoever wants to see a walk.
    pub(super) fn proof_described(&self) -> String {
        let proof = match self.proof {
            ProofHeader::Several => return "several proofs".into(),
            ProofHeader::TooLong => return "a proof that is too long".into(),
            ProofHeader::Absent => "no proof".into(),
            ProofHeader::One(text) => key_of(text)
                .map_or_else(|| "a proof without a good key".into(), |key| format!("one by key {key}")),
        };
        format!("{proof}, under `{}`", self.scheme.name())
    }
}

/// The thumbprint of the key that a proof brings.
fn key_of(proof: &[u8]) -> Option<String> {
    let jws = CompactJws::parse(proof, |_| {}).ok()?;
    let key = PublicKey::from_jwk(jws.header.get("jwk")?).ok()?;
    Some(key.thumbprint().to_owned())
}

/// A token is in it, and a proof: neither is shown.
impl std::fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Presented(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn presented<'a>(proofs: &'a [(&'a [u8], &'a [u8])], scheme: Scheme) -> Presented<'a> {
        Presented::by(&RequestView::new(proofs, true), scheme, b"s3cr3t")
    }

    #[test]
    fn a_proof_is_told_by_its_key() {
        // RFC 8037, appendix A.3.
        let header = r#"{"alg":"EdDSA","jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}"#;
        let good = format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(header));
        let proof = |value: &'static str| (&b"dpop"[..], value.as_bytes());
        let told = |proofs: &[(&[u8], &[u8])], scheme| presented(proofs, scheme).proof_described();
        assert_eq!(told(&[], Scheme::Dpop), "no proof, under `DPoP`");
        assert_eq!(told(&[proof("x")], Scheme::Bearer), "a proof without a good key, under `Bearer`");
        assert_eq!(told(&[proof("x"), proof("x")], Scheme::Dpop), "several proofs");
        let good = [(&b"dpop"[..], good.as_bytes())];
        let key = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
        assert_eq!(told(&good, Scheme::Dpop), format!("one by key {key}, under `DPoP`"));
    }

    #[test]
    fn a_proof_may_have_so_many_bytes_and_no_more() {
        for (length, is_one) in [(1, true), (MAX_PROOF, true), (MAX_PROOF + 1, false), (2 * MAX_PROOF, false)]
        {
            let value = vec![b'x'; length];
            let proofs = [(&b"dpop"[..], &value[..])];
            let presented = presented(&proofs, Scheme::Dpop);
            assert_eq!(matches!(presented.proof, ProofHeader::One(_)), is_one, "{length}");
            assert_eq!(matches!(presented.proof, ProofHeader::TooLong), !is_one, "{length}");
        }
    }

    #[test]
    fn neither_token_nor_proof_is_shown() {
        let proofs = [(&b"dpop"[..], &b"pr00f"[..])];
        assert_eq!(format!("{:?}", presented(&proofs, Scheme::Dpop)), "Presented(…)");
    }
}
