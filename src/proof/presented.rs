//! What a request brings to show that its token is its own.

use crate::decision::Scheme;
use crate::request::RequestView;
use std::borrow::Cow;

/// The longest proof, in bytes.
const MAX_PROOF: usize = 4_096;

/// What a request brings beside its token, and what a proof must have been made for. It can outlive the request's headers, for
/// a token about which the entitlement server has to be asked first.
#[derive(Clone)]
pub struct Presented<'a> {
    /// The scheme under which the token came.
    pub(super) scheme: Scheme,
    /// The token.
    pub(super) token: Cow<'a, [u8]>,
    /// The method.
    pub(super) method: Cow<'a, [u8]>,
    /// The path and query.
    pub(super) target: Cow<'a, [u8]>,
    /// The host and port.
    pub(super) authority: Cow<'a, [u8]>,
    /// The `DPoP` header.
    pub(super) proof: ProofHeader<'a>,
    /// The SHA-256 of the TLS client certificate, as far as somebody wanted to know.
    pub(super) client_certificate: Option<[u8; 32]>,
}

/// The `DPoP` header of a request.
#[derive(Clone)]
pub(super) enum ProofHeader<'a> {
    /// There is none.
    Absent,
    /// There is one, not too long.
    One(Cow<'a, [u8]>),
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
            (Some(proof), None) => ProofHeader::One(proof.into()),
        };
        Presented {
            scheme,
            token: token.into(),
            method: request.method.into(),
            target: request.target.into(),
            authority: request.authority.into(),
            proof,
            client_certificate: request.client_certificate,
        }
    }

    /// The same, for longer than the request's headers are there.
    pub fn kept(self) -> Presented<'static> {
        let kept = |bytes: Cow<'_, [u8]>| Cow::Owned(bytes.into_owned());
        Presented {
            scheme: self.scheme,
            token: kept(self.token),
            method: kept(self.method),
            target: kept(self.target),
            authority: kept(self.authority),
            proof: match self.proof {
                ProofHeader::One(proof) => ProofHeader::One(kept(proof)),
                ProofHeader::Absent => ProofHeader::Absent,
                ProofHeader::Several => ProofHeader::Several,
                ProofHeader::TooLong => ProofHeader::TooLong,
            },
            client_certificate: self.client_certificate,
        }
    }
}

/// A token is in it, and a proof: neither is shown.
impl std::fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Presented(…)")
    }
}
