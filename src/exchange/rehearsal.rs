//! Plays a whole request through an exchange without a proxy, and tells what became of it and why. `explain`, the decision tables
//! and the fuzz targets see the same walk as production this way: there is no other.

use super::{Exchange, Next, PendingIntrospection, Step, keep_until};
use crate::counter::Counter;
use crate::decision::{Denial, Trace};
use crate::introspection::TokenStatus;
use crate::keys::HostVerifier;
use crate::plugin_state::PluginState;
use crate::policy::Rule;
use crate::reply::Reply;
use crate::request::RequestView;
use crate::time::UnixTime;
use crate::token::ValidToken;
use std::rc::Rc;
use std::sync::Arc;

/// A request, and what the world around it does.
pub struct Rehearsal<'a> {
    /// Its headers.
    pub request: RequestView<'a>,
    /// Its body, in the pieces in which it arrives; none if it is not given. An `end_of_stream` request has none.
    pub body: Option<&'a [&'a [u8]]>,
    /// Its trailers, if it has any: they end the body.
    pub trailers: Option<&'a [(&'a [u8], &'a [u8])]>,
    /// What the entitlement server answers, should it be asked; nothing, where that is not known.
    pub answer: &'a dyn Fn(&PendingIntrospection) -> Option<TokenStatus>,
    /// What happens while the answer is under way.
    pub wait: Wait,
}

/// What happens between a question and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wait {
    /// Nothing: the answer comes first.
    #[default]
    Short,
    /// The body and the trailers arrive.
    Long,
    /// The client goes away; the answer is still kept for others.
    GivenUp,
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Decision {
    /// It goes on, as the client that the token names.
    Allowed,
    /// A rule lets it pass; no token was looked at.
    Passed,
    /// It is refused.
    Denied(Denial, Reply),
    /// The filter only watches: it goes on, and this is recorded.
    Recorded(Denial),
    /// It depends on a body or an answer that was not given.
    Undecided,
}

/// A rehearsal's end.
#[derive(Debug)]
pub struct Outcome {
    /// What became of it.
    pub decision: Decision,
    /// Whom the upstream is told about.
    pub identity: Option<Rc<ValidToken>>,
    /// The path that the upstream gets, if it is another than the client's.
    pub target: Option<Vec<u8>>,
    /// The denial that a rule in shadow mode would have made.
    pub noted: Option<Denial>,
    /// Whether the entitlement server was asked, and its answer is not known.
    pub is_unanswered: bool,
    /// The rule that took the request, and its number.
    pub rule: Option<(usize, Arc<Rule>)>,
    /// What was counted.
    pub counts: Vec<Counter>,
    /// Which headers and trailers of the client did not go on.
    pub removed: Vec<Vec<u8>>,
    /// What the checks compared.
    pub trace: Trace,
}

impl Outcome {
    /// The denial that decided, if one did.
    pub fn denial(&self) -> Option<&Denial> {
        match &self.decision {
            Decision::Denied(denial, _) | Decision::Recorded(denial) => Some(denial),
            Decision::Allowed | Decision::Passed | Decision::Undecided => None,
        }
    }
}

/// Plays `rehearsal` with what `plugin` knows and keeps.
///
/// ```
/// use eec_authn::exchange::rehearsal::{Rehearsal, Wait, play};
/// use eec_authn::{config, keys::NoHost, plugin_state::PluginState, request::RequestView, time::UnixTime};
/// use std::{hash::RandomState, rc::Rc};
///
/// let filter = r#"{"protects": {"role": "ees", "fqdns": ["ees1.edge.example.net"]},
///     "entitlement_servers": [{"fqdn": "aes.example.org", "keys": [
///         {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}]}]}"#;
/// let policy = config::parse(filter.as_bytes(), &|_| None).expect("a good configuration").policy;
/// let plugin = Rc::new(PluginState::new(policy, RandomState::new()));
/// let pairs: [(&[u8], &[u8]); 3] = [
///     (b":method", b"POST"),
///     (b":path", b"/eees-eecregistration/v1/registrations"),
///     (b":authority", b"ees1.edge.example.net"),
/// ];
/// let request = RequestView::new(&pairs, false);
/// let rehearsal = Rehearsal { request, body: None, trailers: None, answer: &|_| None, wait: Wait::Short };
/// let outcome = play(&plugin, &rehearsal, UnixTime::EPOCH, &NoHost);
/// assert_eq!(outcome.denial().map(|denial| denial.reason.code()), Some("token_missing"));
/// ```
pub fn play(
    plugin: &Rc<PluginState>,
    rehearsal: &Rehearsal<'_>,
    now: UnixTime,
    host: &dyn HostVerifier,
) -> Outcome {
    // Only what is counted for this request.
    plugin.tally.take().for_each(drop);
    let mut exchange = Exchange::traced(Rc::clone(plugin));
    let mut play = Play::default();
    play.act(exchange.on_request_headers(&rehearsal.request, now, host));
    if std::mem::take(&mut play.awaits_keys) {
        // Whoever plays has put them there before, or wants to see what becomes of it without.
        play.act(exchange.on_keys(&rehearsal.request, now, host, &|| None));
    }
    match rehearsal.wait {
        Wait::Short => play.answer(&mut exchange, plugin, rehearsal, now, host, &[]),
        Wait::Long => {}
        Wait::GivenUp => {
            exchange.on_gone();
            play.take_answer(plugin, rehearsal, now);
            return play.end(exchange);
        }
    }
    let mut arrived = Vec::new();
    let pieces = rehearsal.body.unwrap_or_default();
    for (number, piece) in pieces.iter().enumerate().take_while(|_| !rehearsal.request.end_of_stream) {
        arrived.extend_from_slice(piece);
        let last = rehearsal.trailers.is_none() && number.saturating_add(1) == pieces.len();
        if play.refused.is_none() {
            play.act(exchange.on_request_body(arrived.len(), last, &|| Some(arrived.clone())));
        }
    }
    if let (Some(trailers), None) = (rehearsal.trailers, &play.refused) {
        play.act(exchange.on_request_trailers(trailers, &|| Some(arrived.clone())));
    }
    play.answer(&mut exchange, plugin, rehearsal, now, host, &arrived);
    play.end(exchange)
}

/// What has been seen so far.
#[derive(Default)]
struct Play {
    pending: Option<Rc<PendingIntrospection>>,
    awaits_keys: bool,
    is_unanswered: bool,
    refused: Option<(Denial, Reply)>,
    identity: Option<Rc<ValidToken>>,
    target: Option<Vec<u8>>,
    noted: Option<Denial>,
    removed: Vec<Vec<u8>>,
}

impl Play {
    fn act(&mut self, step: Step<'_>) {
        self.removed.extend(step.spoofed.iter().map(|name| name.to_vec()));
        self.identity = step.identity.or(self.identity.take());
        self.target = step.target.or(self.target.take());
        self.noted = self.noted.take().or(step.noted);
        match step.next {
            Next::Await(Some(inquiry)) => self.pending = Some(inquiry.pending),
            Next::Refuse(denial, reply) => self.refused = Some((denial, reply)),
            Next::AwaitKeys(_) => self.awaits_keys = true,
            Next::Await(None) | Next::Continue(_) | Next::Pause => {}
        }
    }

    fn answer(
        &mut self,
        exchange: &mut Exchange,
        plugin: &PluginState,
        rehearsal: &Rehearsal<'_>,
        now: UnixTime,
        host: &dyn HostVerifier,
        arrived: &[u8],
    ) {
        let Some(answer) = self.take_answer(plugin, rehearsal, now) else { return };
        self.act(
            exchange.on_answer(&answer, Some(&rehearsal.request), now, host, &|| Some(arrived.to_vec())),
        );
    }

    /// The answer to what was asked, kept for others.
    fn take_answer(
        &mut self,
        plugin: &PluginState,
        rehearsal: &Rehearsal<'_>,
        now: UnixTime,
    ) -> Option<TokenStatus> {
        let pending = self.pending.take()?;
        let answer = (rehearsal.answer)(&pending);
        self.is_unanswered = answer.is_none();
        let answer = answer?;
        let until = keep_until(&pending, &answer, now);
        plugin.in_flight.borrow_mut().answered(pending.digest, &answer, now, until);
        Some(answer)
    }

    fn end(self, exchange: Exchange) -> Outcome {
        let counts = exchange.plugin.tally.take_all();
        let allowed = counts.contains(&Counter::Allowed);
        let (decision, noted) = match (self.refused, self.noted) {
            (Some((denial, reply)), noted) => (Decision::Denied(denial, reply), noted),
            (None, noted) if allowed => (Decision::Allowed, noted),
            (None, _) if counts.contains(&Counter::PassedWithoutToken) => (Decision::Passed, None),
            (None, noted) => match noted.filter(|_| exchange.grant().is_some()) {
                Some(denial) => (Decision::Recorded(denial), None),
                None => (Decision::Undecided, None),
            },
        };
        let goes_on = !matches!(decision, Decision::Denied(..));
        let identity = self.identity.filter(|_| goes_on);
        Outcome {
            decision,
            identity,
            target: self.target.filter(|_| goes_on),
            noted,
            is_unanswered: self.is_unanswered,
            rule: exchange.rule,
            counts,
            removed: self.removed,
            trace: exchange.trace,
        }
    }
}
