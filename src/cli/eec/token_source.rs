//! Where tokens come from, and how they are asked for.

use super::call::{Call, Called};
use super::connection::Connection;
use super::identity::Identity;
use super::network::Network;
use super::possession::Possession;
use super::striking::without;
use super::token::Token;
use super::url::Url;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::{Serializer, byte_serialize};
use serde_json::{Map, Value, json};

/// Who gives this client its tokens.
pub(crate) enum TokenSource {
    /// `dev-entitlement-server`, at this root: it believes who says which client it is.
    Entitlement(Url),
    /// A token endpoint (RFC 6749), by client credentials unless `parameters` say otherwise.
    OAuth { endpoint: Url, client: Option<Credentials>, parameters: Vec<Parameter> },
    /// Nobody: this is the token for everything.
    Given(Token),
}

/// A client's name and secret at a token endpoint. The secret is never shown.
pub(crate) struct Credentials {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Credentials {
    /// What follows `Basic`: both parts are form-encoded first (RFC 6749, section 2.3.1).
    fn basic(&self) -> String {
        STANDARD.encode(format!("{}:{}", form_encoded(&self.id), form_encoded(&self.secret)))
    }
}

fn form_encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// A parameter of token requests: in its value `{audience}`, `{eec_id}` and `{ue_id}` stand for what is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    name: String,
    value: String,
}

impl Parameter {
    /// From `NAME=VALUE`.
    pub(crate) fn parse(text: &str) -> Result<Parameter, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                Ok(Parameter { name: name.to_owned(), value: value.to_owned() })
            }
            _ => Err(format!("`{text}` is not NAME=VALUE")),
        }
    }
}

/// A request for a token, ready to be sent.
pub(crate) struct TokenRequest {
    pub(crate) url: Url,
    headers: Vec<(String, String)>,
    media_type: &'static str,
    body: String,
    /// What is asked for, as far as it may be shown.
    pub(crate) shown: Value,
}

impl TokenRequest {
    /// Asks the development server for a token with these members: those of its POST /token.
    pub(crate) fn wish(root: &Url, members: Value) -> TokenRequest {
        TokenRequest {
            url: root.below("/token"),
            headers: Vec::new(),
            media_type: "application/json",
            body: members.to_string(),
            shown: members,
        }
    }

    /// Asks; with `possession`, for a token that is bound to its key.
    pub(crate) async fn send(
        &self,
        network: &Network,
        connection: &mut Connection,
        possession: Option<&Possession>,
    ) -> Result<Called, String> {
        let body = Some((self.media_type, self.body.clone()));
        let call =
            Call { method: "POST", url: &self.url, token: None, possession, headers: &self.headers, body };
        call.send(network, connection).await
    }
}

impl TokenSource {
    /// `text` without the client's secret, as it is or as it goes to the token endpoint.
    pub(super) fn struck_from(&self, text: &str) -> String {
        let TokenSource::OAuth { client: Some(client), .. } = self else { return text.to_owned() };
        let forms = [client.basic(), form_encoded(&client.secret), client.secret.clone()];
        forms.iter().fold(text.to_owned(), |text, form| without(&text, form, "(the client's secret)"))
    }

    /// The request for a token of this client for the server `audience`; or the token, if it was given.
    pub(super) fn request(&self, identity: &Identity, audience: &str) -> Result<TokenRequest, Token> {
        match self {
            TokenSource::Given(token) => Err(token.clone()),
            TokenSource::Entitlement(root) => {
                let mut members = json!({"eec_id": identity.eec_id, "audience": audience});
                if let Some(ue_id) = &identity.ue_id {
                    members["gpsi"] = json!(ue_id);
                }
                Ok(TokenRequest::wish(root, members))
            }
            TokenSource::OAuth { endpoint, client, parameters } => {
                Ok(oauth(endpoint, client.as_ref(), parameters, identity, audience))
            }
        }
    }
}

fn oauth(
    endpoint: &Url,
    client: Option<&Credentials>,
    parameters: &[Parameter],
    identity: &Identity,
    audience: &str,
) -> TokenRequest {
    let filled = |value: &str| {
        let ue_id = identity.ue_id.as_deref().unwrap_or_default();
        value.replace("{audience}", audience).replace("{eec_id}", &identity.eec_id).replace("{ue_id}", ue_id)
    };
    let mut pairs: Vec<(String, String)> =
        parameters.iter().map(|parameter| (parameter.name.clone(), filled(&parameter.value))).collect();
    if !pairs.iter().any(|(name, _)| name == "grant_type") {
        pairs.insert(0, ("grant_type".to_owned(), "client_credentials".to_owned()));
    }
    let basic = client.map(|client| ("authorization".to_owned(), format!("Basic {}", client.basic())));
    let shown = pairs.iter().map(|(name, value)| (name.clone(), json!(value)));
    TokenRequest {
        url: endpoint.clone(),
        headers: Vec::from_iter(basic),
        media_type: "application/x-www-form-urlencoded",
        shown: Value::Object(shown.collect::<Map<_, _>>()),
        body: Serializer::new(String::new()).extend_pairs(pairs).finish(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_endpoint_is_asked_as_rfc_6749_has_it() {
        let source = TokenSource::OAuth {
            endpoint: Url::parse("https://as.example/token").unwrap(),
            // The example of RFC 6749, section 2.3.1, with what has to be encoded.
            client: Some(Credentials { id: "s6BhdRkqt3".into(), secret: "a:b %".into() }),
            parameters: vec![
                Parameter::parse("resource=https://{audience}/").unwrap(),
                Parameter::parse("scope=a b").unwrap(),
                Parameter::parse("eec={eec_id}{ue_id}").unwrap(),
            ],
        };
        let identity = Identity { eec_id: "eec-1".into(), ue_id: None };
        let request = source.request(&identity, "ees1.example").unwrap();
        assert_eq!(
            request.body,
            "grant_type=client_credentials&resource=https%3A%2F%2Fees1.example%2F&scope=a+b&eec=eec-1"
        );
        assert_eq!(
            request.headers,
            [("authorization".to_owned(), format!("Basic {}", STANDARD.encode("s6BhdRkqt3:a%3Ab+%25")))]
        );
        assert!(!request.shown.to_string().contains("a:b"));
        let own = TokenSource::OAuth {
            endpoint: Url::parse("https://as.example/token").unwrap(),
            client: None,
            parameters: vec![Parameter::parse("grant_type=password").unwrap()],
        };
        assert_eq!(own.request(&identity, "a").unwrap().body, "grant_type=password");
        assert!(Parameter::parse("=x").is_err() && Parameter::parse("x").is_err());
    }
}
