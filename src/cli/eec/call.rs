//! One request of a client: its token, its proof, and a second try where a server wants a nonce.

use super::connection::Connection;
use super::network::Network;
use super::possession::{Possession, asks_for_nonce};
use super::token::Token;
use super::url::Url;
use axum::body::Bytes;
use axum::http::header;
use http_body_util::Full;
use hyper::{Request, Response};

/// A request before it is sent.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a Url,
    /// What comes with it under `Authorization`.
    pub(crate) token: Option<&'a Token>,
    /// Who makes the proof that comes with it.
    pub(crate) possession: Option<&'a Possession>,
    /// Further headers, `Authorization` of a client at its token endpoint for one.
    pub(crate) headers: &'a [(String, String)],
    /// Media type and body.
    pub(crate) body: Option<(&'a str, String)>,
}

/// What came of it.
pub(crate) struct Called {
    pub(crate) answer: Response<Bytes>,
    /// Whether it had to be sent again with a nonce.
    pub(crate) nonce_asked: bool,
}

impl Call<'_> {
    /// Sends it. The error says why there is no answer; it names no token.
    pub(crate) async fn send(
        &self,
        network: &Network,
        connection: &mut Connection,
    ) -> Result<Called, String> {
        let answer = self.once(network, connection).await?;
        let asked = asks_for_nonce(answer.status(), answer.headers(), answer.body());
        if self.possession.is_none() || !asked {
            return Ok(Called { answer, nonce_asked: false });
        }
        Ok(Called { answer: self.once(network, connection).await?, nonce_asked: true })
    }

    async fn once(&self, network: &Network, connection: &mut Connection) -> Result<Response<Bytes>, String> {
        let request = self.request().map_err(|why| format!("no request can be made: {why}"))?;
        let answer = connection.send(network, self.url, request).await?;
        if let Some(possession) = self.possession {
            possession.learn(self.url, answer.headers());
        }
        Ok(answer)
    }

    fn request(&self) -> Result<Request<Full<Bytes>>, String> {
        let mut request = Request::builder().method(self.method).uri(self.url.path());
        request = request.header(header::HOST, self.url.authority());
        request = request.header(header::USER_AGENT, concat!("eec-authn-eec/", env!("CARGO_PKG_VERSION")));
        if let Some(token) = self.token {
            request = request.header(header::AUTHORIZATION, token.authorization());
        }
        if let Some(possession) = self.possession {
            let proof = possession.proof(self.method, self.url, self.token.map(Token::text));
            request = request.header("dpop", proof.map_err(|failure| failure.to_string())?);
        }
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let mut bytes = Bytes::new();
        if let Some((media_type, body)) = &self.body {
            request = request.header(header::CONTENT_TYPE, *media_type);
            bytes = Bytes::from(body.clone());
        }
        request.body(Full::new(bytes)).map_err(|error| error.to_string())
    }
}
