//! A key set as a compact JWS (OpenID Federation 1.0, section 5.2.1).

use super::answer::{Failure, Moment};
use crate::decision::Trace;
use crate::json::Json;
use crate::jws::CompactJws;
use crate::keys::HostVerifier;
use crate::policy::{EntitlementServer, JwksRemote};
use crate::time::UnixTime;

/// A set that the signer vouches for.
pub(super) struct SignedSet {
    /// What it says.
    pub(super) payload: Json,
    /// `iat`
    pub(super) issued_at: f64,
    /// `exp`
    pub(super) expires_at: UnixTime,
}

/// Checks the signature of one of the signers, and that the set is the server's own and not an old one.
///
/// # Errors
///
/// The first thing that is wrong.
pub(super) fn open(
    server: &EntitlementServer,
    remote: &JwksRemote,
    body: &[u8],
    moment: &Moment,
    host: &dyn HostVerifier,
) -> Result<SignedSet, Failure> {
    let jws = CompactJws::parse(body, |_| {}).map_err(|because| Failure {
        because: format!("the answer is not a strict compact JWS: {because}"),
    })?;
    if !jws.is_typ("jwk-set+jwt") {
        return Err("`typ` of the signed set is not `jwk-set+jwt`".into());
    }
    if !jws.has_sound_key_names() {
        return Err("`kid` or `x5t#S256` of the signed set is not a string".into());
    }
    let signer =
        remote.signed_by.select(&jws.key_hint(), moment.now, &mut Trace::off()).map_err(|denial| {
            Failure { because: format!("the signed set does not fit `signed_by`: {}", denial.because) }
        })?;
    if !signer.key.verify(jws.signing_input, &jws.signature, host) {
        return Err("the signature of the set is not that of `signed_by`".into());
    }
    check_claims(server, jws.payload, moment)
}

fn check_claims(server: &EntitlementServer, payload: Json, moment: &Moment) -> Result<SignedSet, Failure> {
    let names_server = |claim: &Json| claim.as_str().is_some_and(|name| server.identity.matches(name));
    if !payload.get("iss").is_some_and(names_server) {
        return Err("`iss` of the signed set is not this server".into());
    }
    if payload.get("sub").is_some_and(|sub| !names_server(sub)) {
        return Err("`sub` of the signed set is not this server".into());
    }
    let date = |name| payload.get(name).and_then(Json::as_finite);
    let (Some(issued_at), Some(expires_at)) = (date("iat"), date("exp").and_then(UnixTime::new)) else {
        return Err("the signed set lacks `iat` or `exp`, or they are no dates".into());
    };
    let latest = moment.now.plus(moment.skew).seconds();
    if expires_at <= moment.now {
        return Err("`exp` of the signed set has passed".into());
    }
    if issued_at > latest
        || payload.get("nbf").is_some_and(|nbf| nbf.as_finite().is_none_or(|nbf| nbf > latest))
    {
        return Err("`iat` or `nbf` of the signed set lies in the future".into());
    }
    if moment.newest_issue.is_some_and(|newest| issued_at < newest) {
        return Err("the signed set is older than one that has been accepted".into());
    }
    Ok(SignedSet { payload, issued_at, expires_at })
}
