//! The filter JSON as a [`Policy`].

use super::forward;
use super::matcher::BuiltIn;
use super::node::Node;
use super::secret_env::Environment;
use super::values::{claim, fqdn, https_uri, statistics_name, time};
use super::{online, ownership, rules, servers, words};
use crate::fqdn::Fqdn;
use crate::policy::{
    ApiRoot, BodyRules, ClientClaims, Identities, Policy, Protects, RequiredType, Revocation, Rules,
    TokenRules,
};

/// Compiles the document; `None` only if something has been reported.
pub(super) fn policy(root: &Node<'_>, environment: &Environment<'_>) -> Option<Policy> {
    let protects = protects(&root.member("protects"));
    let token = token(&root.member("token"));
    let usual = client_claims(&root.member("token"));
    let entitlement_servers =
        servers::entitlement_servers(&root.member("entitlement_servers"), usual.as_ref(), environment);
    let proof = super::proof::proof(&root.member("proof"), environment);
    let built_in = protects.as_ref().map(|own| BuiltIn { role: own.role, api_root: &own.api_root });
    let rules = rules::rules(&root.member("rules"), built_in);
    let ownership = ownership::ownership(&root.member("ownership"), environment);
    let check_host = root.member("protects").member("check_host").flag()?;
    let forward = forward::forward(&root.member("forward"), check_host);
    Some(Policy {
        name: optional(&root.member("name"), statistics_name)?,
        mode: root.member("mode").word(&words::MODE)?,
        rules: Rules::new(rules?, &protects.as_ref()?.api_root),
        gpsi: root.member("gpsi").word(&words::GPSI)?,
        body: body(&root.member("body"))?,
        identities: Identities::default(),
        revoked: revoked(&root.member("revoked"))?,
        cached_tokens: usize::try_from(root.member("cache").member("tokens").integer()?).ok()?,
        protects: protects?,
        opaque_server: entitlement_servers.as_deref().and_then(online::opaque_server),
        entitlement_servers: entitlement_servers?,
        token: token?,
        proof: proof?,
        operations: root.member("operations").word(&words::OPERATIONS)?,
        forward: forward?,
        ownership: ownership?,
    })
}

/// What a member says: `Some(None)` where it is absent, `None` if something is wrong with it.
fn optional<T>(node: &Node<'_>, read: impl Fn(&Node<'_>) -> Option<T>) -> Option<Option<T>> {
    if node.is_present() { read(node).map(Some) } else { Some(None) }
}

fn revoked(node: &Node<'_>) -> Option<Revocation> {
    let texts =
        |name| node.member(name).items().iter().filter_map(|item| item.text()).map(Box::from).collect();
    let issued_before = optional(&node.member("issued_before"), time)?;
    Some(Revocation::new(texts("token_ids"), texts("eec_ids"), texts("key_ids"), issued_before))
}

fn body(node: &Node<'_>) -> Option<BodyRules> {
    Some(BodyRules {
        limit_bytes: usize::try_from(node.member("limit_bytes").integer()?).ok()?,
        hold_headers: node.member("hold_headers").flag()?,
    })
}

fn protects(node: &Node<'_>) -> Option<Protects> {
    let names = node.member("fqdns").items();
    let fqdns: Vec<Fqdn> = names.iter().filter_map(fqdn).collect();
    let api_root = node.member("api_root");
    let api_root = api_root.text().and_then(|text| {
        let parsed = ApiRoot::parse(text);
        if parsed.is_none() {
            api_root.error(format!(
                "`{text}` is not a path in normal form; give \"/\" or a path such as \"/edge\""
            ));
        }
        parsed
    });
    Some(Protects {
        role: node.member("role").word(&words::ROLE)?,
        fqdns,
        realm: names.first()?.text()?.into(),
        api_root: api_root?,
        check_host: node.member("check_host").flag()?,
        resource_metadata: optional(&node.member("resource_metadata"), https_uri)?,
    })
}

fn token(node: &Node<'_>) -> Option<TokenRules> {
    let require_claims = node.member("require_claims").items();
    Some(TokenRules {
        max_bytes: usize::try_from(node.member("max_bytes").integer()?).ok()?,
        clock_skew_seconds: node.member("clock_skew_seconds").integer()? as f64,
        max_lifetime_seconds: node.member("max_lifetime_seconds").integer()? as f64,
        require_claims: require_claims.iter().filter_map(claim).collect(),
        typ: optional(&node.member("require_typ"), |typ| typ.word(&words::REQUIRE_TYP))?
            .unwrap_or(RequiredType::AnyOrNone),
        scopes: node.member("scopes").word(&words::SCOPES)?,
    })
}

/// Where tokens name the client, unless their server says otherwise.
fn client_claims(token: &Node<'_>) -> Option<ClientClaims> {
    let (eec_id, gpsi) = (claim(&token.member("eec_id_claim")), claim(&token.member("gpsi_claim")));
    Some(ClientClaims { eec_id: eec_id?, gpsi: gpsi? })
}
