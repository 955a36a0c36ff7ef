//! Issuers at which anybody has an account: what keeps the tokens of strangers out.

use super::rules::takes_all;
use crate::policy::{Action, Condition, EntitlementServer, Mode, Policy, Rule};

/// Hosts whose issuer gives anybody a token for any `aud` that is asked for: Google's service accounts, and jobs of those who
/// run others' builds.
const ANY_AUDIENCE: [&str; 5] = [
    "accounts.google.com",
    "token.actions.githubusercontent.com",
    "gitlab.com",
    "agent.buildkite.com",
    "app.terraform.io",
];

/// Hosts of clusters' issuers: of Kubernetes itself, Google's, Amazon's and Microsoft's. A `*` stands for a region at its beginning or end.
const KUBERNETES: [&str; 4] =
    ["kubernetes.default.svc*", "container.googleapis.com", "oidc.eks.*", "*.oic.prod-aks.azure.com"];

/// Hosts of Microsoft Entra ID, whose `iss` names the tenant in its path.
const ENTRA_ID: [&str; 4] = [
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
    "sts.windows.net",
];

/// The tenant of all personal Microsoft accounts.
const PERSONAL_ACCOUNTS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// What is to be said of a server's name, and below which member.
pub(super) fn advice(policy: &Policy, server: &EntitlementServer) -> Option<(&'static str, &'static str)> {
    let identity = server.identity.canonical();
    let (host, path) = split(identity);
    let member = if server.identity.is_exact() { "issuer" } else { "fqdn" };
    let is = |hosts: &[&str]| hosts.iter().any(|shared| host.eq_ignore_ascii_case(shared));
    let message = if is(&ANY_AUDIENCE) && path.is_empty() {
        if asks_everybody(policy) {
            return None;
        }
        "anybody can get a token for any `aud` there: without a rule for every request that asks for a claim (`claims`, such as the \
         project), the tokens of strangers pass"
    } else if KUBERNETES.iter().any(|pattern| is_like(host, pattern)) {
        if asks_everybody(policy) {
            return None;
        }
        "every pod of the cluster can get a token for any `aud` there: without a rule for every request that asks for a claim (`claims`, \
         such as the namespace), the tokens of all of them pass"
    } else if is(&ENTRA_ID) {
        match path.split('/').next().unwrap_or_default() {
            "" => {
                "no token has this `iss`: Entra ID puts the tenant's identifier behind it; give the whole of yours as `issuer`"
            }
            "common" | "organizations" | "consumers" => {
                "no token has this `iss`: it stands for any tenant, and Entra ID names the client's by its identifier; give that of yours"
            }
            PERSONAL_ACCOUNTS if !asks_everybody(policy) => {
                "is the tenant of all personal Microsoft accounts: without a rule for every request that asks for a claim \
                 (`claims`), anybody's tokens pass"
            }
            _ if policy.token.scopes.are_per_api() || asks_everybody(policy) => return None,
            _ => {
                "every application of the tenant can get a token for your `aud`, unless your API has *Assignment required*: with \
                 `token.scopes`: \"per_api\", or a rule for every request that asks for a claim (`claims`), it needs a role as well"
            }
        }
    } else {
        return None;
    };
    Some((member, message))
}

fn is_like(host: &str, pattern: &str) -> bool {
    let host = host.to_ascii_lowercase();
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => host.ends_with(end),
        (None, Some(start)) => host.starts_with(start),
        (None, None) => host == pattern,
    }
}

/// Host and path of an issuer, without the `/` between them.
fn split(issuer: &str) -> (&str, &str) {
    let rest = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    (host, path.trim_end_matches('/'))
}

/// Whether each request with a token meets a rule that asks for a claim.
fn asks_everybody(policy: &Policy) -> bool {
    let rules = policy.rules.as_slice();
    // What comes behind a rule that takes all is never reached.
    let last = rules.iter().position(|rule| takes_all(&rule.matcher));
    let reached = last.map_or(rules, |last| rules.get(..=last).unwrap_or(rules));
    (last.is_some() || !policy.operations.are_built_in())
        && reached.iter().filter(|rule| rule.action == Action::Authenticate).all(|rule| asks_who(rule))
}

/// Whether a rule asks for a claim that strangers do not have: not for one that is just there, nor for the issuer.
fn asks_who(rule: &Rule) -> bool {
    rule.mode == Mode::Enforce
        && rule
            .claims
            .iter()
            .any(|check| !check.claim.is_issuer() && !matches!(check.condition, Condition::Present(_)))
}
