//! A client's tokens, each for one server.

use super::answers::{Stopped, note_nonce, refused_or_failed};
use super::connection::Connection;
use super::identity::Identity;
use super::possession::Possession;
use super::report::{Outcome, Report};
use super::surroundings::Surroundings;
use super::token::Token;
use eec_authn::decision::Scheme;
use std::collections::BTreeMap;

/// By the host that they are for.
#[derive(Default)]
pub(super) struct Tokens(BTreeMap<String, Token>);

impl Tokens {
    /// The token for `host`, if it can be used for a while yet.
    pub(super) fn fresh(&self, host: &str) -> Option<&Token> {
        self.0.get(host).filter(|token| token.is_fresh())
    }

    /// `text` without any of them.
    pub(super) fn struck_from(&self, text: &str) -> String {
        self.0.values().fold(text.to_owned(), |text, token| token.struck_from(&text))
    }

    /// Gets a token for `host`, in place of the one that was there.
    pub(super) async fn fetch(
        &mut self,
        host: &str,
        surroundings: &Surroundings,
        identity: &Identity,
        possession: Option<&Possession>,
        connection: &mut Connection,
        report: &mut Report,
    ) -> Result<Token, Stopped> {
        let token = match surroundings.source.request(identity, host) {
            Err(given) => given,
            Ok(request) => {
                report.sent_to = Some(("POST", request.url.to_string()));
                report.sent = Some(request.shown.clone());
                report.proof = possession.is_some();
                let called = request.send(&surroundings.network, connection, possession).await;
                let called = called.map_err(|why| (Outcome::Failed(why), None))?;
                note_nonce(&called, report);
                let status = called.answer.status().as_u16();
                report.status = Some(status);
                if status != 200 {
                    return Err((refused_or_failed(status, called.answer.body()), Some(called)));
                }
                let token = serde_json::from_slice(called.answer.body())
                    .map_err(|error| format!("the answer is not JSON: {error}"))
                    .and_then(|answer| Token::from_answer(&answer));
                // The body may hold a token all the same: it is not shown.
                token.map_err(|why| (Outcome::Failed(why), None))?
            }
        };
        let why = match (possession, token.scheme()) {
            (Some(_), Scheme::Bearer) => {
                "the token is not bound to the client's key: who issues it knows no proofs (RFC 9449)"
            }
            (None, Scheme::Dpop) => "the token is bound to a key; name that key by --dpop-key",
            (Some(_), Scheme::Dpop) | (None, Scheme::Bearer) => {
                report.token = Some(token.shown());
                self.0.insert(host.to_owned(), token.clone());
                return Ok(token);
            }
        };
        Err((Outcome::Failed(why.into()), None))
    }
}
