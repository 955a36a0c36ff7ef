//! The whole walk of a decision, in the order of the contract's table.

use crate::decision::{Denial, DenyReason};
use crate::keys::HostVerifier;
use crate::policy::{Policy, operations, path};
use crate::request::RequestView;
use crate::time::UnixTime;
use crate::token::{Bearer, UntrustedToken, ValidToken};

/// What becomes of a request.
#[derive(Debug)]
pub enum Decision {
    /// It goes on, as the client that the token names.
    Allow(Grant),
    /// It is refused.
    Deny(Denial),
}

/// The permission to go on. Only [`decide`] can make one.
#[derive(Debug)]
pub struct Grant {
    token: ValidToken,
}

impl Grant {
    /// Whom the request speaks for.
    pub fn token(&self) -> &ValidToken {
        &self.token
    }
}

/// Decides about a request by its headers.
pub fn decide(
    policy: &Policy,
    request: &RequestView<'_>,
    now: UnixTime,
    host: &dyn HostVerifier,
) -> Decision {
    match walk(policy, request, now, host) {
        Ok(grant) => Decision::Allow(grant),
        Err(denial) => Decision::Deny(denial),
    }
}

fn walk(
    policy: &Policy,
    request: &RequestView<'_>,
    now: UnixTime,
    host: &dyn HostVerifier,
) -> Result<Grant, Denial> {
    let path = path::without_query(request.target);
    if !path::is_normal(path) {
        return Err(Denial::new(DenyReason::PathNotNormal, "the path is not in normal form"));
    }
    check_route(policy, request.method, path)?;
    check_host(policy, request.authority)?;
    let bearer = Bearer::from_request(request, policy.token.max_bytes)?;
    let token = UntrustedToken::parse(bearer)?.verify(policy, now, host)?;
    let token = ValidToken::check(token, policy, now)?;
    Ok(Grant { token })
}

fn check_route(policy: &Policy, method: &[u8], path: &[u8]) -> Result<(), Denial> {
    let protects = &policy.protects;
    let operation = protects
        .api_root
        .strip(path)
        .filter(|_| policy.built_in_operations)
        .and_then(|path| operations::find(protects.role, method, path));
    match operation {
        Some(_) => Ok(()),
        None => Err(Denial::new(DenyReason::RouteUnmatched, "no operation covers this method and path")),
    }
}

fn check_host(policy: &Policy, authority: &[u8]) -> Result<(), Denial> {
    let protects = &policy.protects;
    if !protects.check_host || protects.fqdns.iter().any(|fqdn| fqdn.is_authority(authority)) {
        Ok(())
    } else {
        Err(Denial::new(DenyReason::HostMismatch, "`:authority` is not one of `protects.fqdns`"))
    }
}
