//! A client's tokens, each for one server.

use super::answers::{Stopped, note_nonce, refused_or_failed};
use super::connection::Connection;
use super::identity::Identity;
use super::possession::Possession;
use super::report::{Outcome, Report};
use super::striking::without;
use super::surroundings::Surroundings;
use super::token::Token;
use eec_authn::decision::Scheme;
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

/// How many tokens are remembered, so that they can be struck out of what is shown: more than one life has.
const REMEMBERED: usize = 32;

/// Those that there are, and those that there were.
#[derive(Default)]
pub(super) struct Tokens {
    /// By the host that they are for.
    current: BTreeMap<String, Token>,
    /// Every text that was given for a token, the last ones: a server may have been sent it, and repeat it later.
    known: VecDeque<String>,
}

impl Tokens {
    /// The token for `host`, if it can be used for a while yet.
    pub(super) fn fresh(&self, host: &str) -> Option<&Token> {
        self.current.get(host).filter(|token| token.is_fresh())
    }

    /// There are none any more.
    pub(super) fn forget(&mut self) {
        self.current.clear();
    }

    /// `text` without any of them, the longest first: one may be the beginning of another.
    pub(super) fn struck_from(&self, text: &str) -> String {
        let mut known: Vec<&String> = self.known.iter().collect();
        known.sort_by_key(|token| Reverse(token.len()));
        known.iter().fold(text.to_owned(), |text, token| without(&text, token, "(the token)"))
    }

    fn remember(&mut self, text: &str) {
        if self.known.iter().any(|known| known == text) {
            return;
        }
        if self.known.len() == REMEMBERED {
            self.known.pop_front();
        }
        self.known.push_back(text.to_owned());
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
            Err(given) => {
                self.remember(given.text());
                given
            }
            Ok(request) => {
                report.sent_to = Some(("POST", request.url.to_string()));
                report.sent = Some(request.shown.clone());
                report.proof = possession.is_some();
                let called = request.send(&surroundings.network, connection, possession).await;
                let called = called.map_err(|why| (Outcome::Failed(why), None))?;
                note_nonce(&called, report);
                let status = called.answer.status().as_u16();
                report.status = Some(status);
                let answer: Result<Value, _> = serde_json::from_slice(called.answer.body());
                // Whether or not it is taken.
                let text = answer.as_ref().ok().and_then(|answer| answer.get("access_token")?.as_str());
                text.iter().for_each(|text| self.remember(text));
                if status != 200 {
                    return Err((refused_or_failed(status, called.answer.body()), Some(called)));
                }
                let token = answer
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
                self.current.insert(host.to_owned(), token.clone());
                return Ok(token);
            }
        };
        Err((Outcome::Failed(why.into()), None))
    }
}
