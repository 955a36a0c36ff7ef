//! A token that has passed every check that depends on it and on the time.

use super::digest::TokenDigest;
use super::identity_headers::IdentityHeaders;
use super::{Claims, VerifiedToken, validity};
use crate::decision::{Denial, DenyReason, Trace};
use crate::json::{Json, Pointer};
use crate::policy::binding::Client;
use crate::policy::{ClaimCheck, EntitlementServer, Policy, Revocable};
use crate::proof::{Confirmation, Holder, Possession};
use crate::time::UnixTime;
use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

/// Whom a token speaks for. It can only be made out of a [`VerifiedToken`].
#[derive(Debug)]
pub struct ValidToken {
    server: Arc<EntitlementServer>,
    claims: Rc<Claims>,
    eec_id: Box<str>,
    gpsis: Vec<Box<str>>,
    confirmation: Option<Confirmation>,
    identity_headers: IdentityHeaders,
    /// The number of the fetched key that has verified it.
    fetched_key: Option<u64>,
    valid_from: f64,
    valid_until: f64,
    /// Where its server is asked about each request, it is wanted again and again.
    digest: OnceCell<TokenDigest>,
}

impl ValidToken {
    /// Checks times, audience, the claims and their shapes, that the request has it from its holder, and revocation, in the order of the
    /// contract.
    ///
    /// # Errors
    ///
    /// The first check that fails, from `token_expired` to `token_revoked`.
    pub fn check(
        token: VerifiedToken<'_>,
        policy: &Policy,
        possession: &Possession<'_>,
        now: UnixTime,
        trace: &mut Trace,
    ) -> Result<ValidToken, Denial> {
        let (server, claims) = (token.server, Rc::clone(&token.claims));
        Self::checked(token, policy, possession, now, trace).map_err(|denial| {
            denial.about(|about| {
                about.issuer(server.number, server.identity.as_str());
                about.client(claims.text(&server.claims.eec_id), claims.get("jti").and_then(Json::as_str));
            })
        })
    }

    fn checked(
        token: VerifiedToken<'_>,
        policy: &Policy,
        possession: &Possession<'_>,
        now: UnixTime,
        trace: &mut Trace,
    ) -> Result<ValidToken, Denial> {
        let claims = &token.claims;
        let server = token.server;
        claims.note(policy, server, now, trace);
        validity::check(claims, &policy.token, now)?;
        claims.check_audience(policy, server)?;
        claims.check_shapes(&policy.token, &server.claims)?;
        let identity_headers = IdentityHeaders::new(claims, &policy.forward, server)?;
        let confirmation = token.confirmation()?;
        let eec_id = claims.text(&server.claims.eec_id).unwrap_or_default();
        let holder = Holder { confirmation: confirmation.as_ref(), server, eec_id };
        possession.check(&holder, trace)?;
        let revocable = Revocable {
            token_id: claims.get("jti").and_then(Json::as_str),
            eec_id,
            key_ids: token.key_ids(),
            issued_at: claims.dates().iat.seconds(),
        };
        if let Some(because) = policy.revoked.finds(&revocable) {
            return Err(Denial::new(DenyReason::TokenRevoked, because));
        }
        let gpsis = claims.find(&server.claims.gpsi).and_then(Json::strings).into_iter().flatten();
        let (valid_from, valid_until) = validity::span(claims, &policy.token, token.key, now);
        let fetched_key = token.key.and_then(|key| key.fetched).map(|fetched| fetched.number);
        Ok(ValidToken {
            server: Arc::clone(token.server),
            eec_id: eec_id.into(),
            gpsis: gpsis.map(Box::from).collect(),
            confirmation,
            identity_headers,
            fetched_key,
            valid_from,
            valid_until,
            digest: OnceCell::new(),
            claims: token.claims,
        })
    }

    /// `denial` with whom the token speaks for.
    pub fn refused(&self, denial: Denial) -> Denial {
        denial.about(|about| {
            about.issuer(self.server.number, self.server.identity.as_str());
            about.client(Some(&self.eec_id), self.claims.get("jti").and_then(Json::as_str));
        })
    }

    /// Whether nothing that time can change has changed: the token, and the key that verified it.
    pub fn is_valid_at(&self, now: UnixTime) -> bool {
        (self.valid_from..self.valid_until).contains(&now.seconds())
    }

    /// The digest of `text`, the token as it came.
    pub fn digest(&self, text: &str) -> TokenDigest {
        *self.digest.get_or_init(|| TokenDigest::new(self.server.number, text))
    }

    /// The number of the fetched key that has verified it, if one has.
    pub fn fetched_key(&self) -> Option<u64> {
        self.fetched_key
    }

    /// `exp`, in seconds since 1970.
    pub fn expiry(&self) -> Option<f64> {
        self.claims.expiry()
    }

    /// The entitlement server that issued it.
    pub fn server(&self) -> &Arc<EntitlementServer> {
        &self.server
    }

    /// What it is bound to, if it is.
    pub fn confirmation(&self) -> Option<&Confirmation> {
        self.confirmation.as_ref()
    }

    /// Whom it was issued to.
    pub fn holder(&self) -> Holder<'_> {
        Holder { confirmation: self.confirmation(), server: &self.server, eec_id: &self.eec_id }
    }

    /// Names and values of the headers that tell the upstream who is calling.
    pub fn identity_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.identity_headers.iter()
    }

    /// The client that the token names.
    pub fn client(&self) -> Client<'_> {
        Client { eec_id: &self.eec_id, gpsis: &self.gpsis }
    }

    /// A claim, for people.
    pub fn shown(&self, claim: &Pointer) -> String {
        Json::shown(self.claims.find(claim))
    }

    /// Whether a condition of a rule holds. For `iss` the configured spelling counts as well as the token's.
    pub fn satisfies(&self, check: &ClaimCheck) -> bool {
        let spelled = check.claim.is_issuer() && check.condition.holds(Some(&self.server.spelled));
        spelled || check.condition.holds(self.claims.find(&check.claim))
    }

    /// The strings that a claim allows in a bound place: its own, or the members of an array.
    pub fn strings(&self, claim: &Pointer) -> Vec<&str> {
        let own = self.claims.find(claim).and_then(Json::strings).into_iter().flatten();
        let spelled = claim.is_issuer().then(|| self.server.identity.as_str());
        own.chain(spelled).collect()
    }
}
