//! Who waits for which answer: one question at a time for one token, however many requests wait for it.

use super::quota::Quota;
use super::{Party, TokenStatus};
use crate::cache::BoundedMap;
use crate::time::UnixTime;
use crate::token::TokenDigest;
use std::collections::HashMap;
use std::hash::RandomState;

/// Questions under way at once, per worker.
const MAX_QUESTIONS: usize = 1_024;

/// Requests waiting at once, per worker.
const MAX_WAITING: usize = 16_384;

/// Answers kept, per worker.
const MAX_ANSWERS: usize = 16_384;

/// What they may take in all: enough for that many usual ones. 64 KiB of JSON can take 2 MB once they are read.
const MAX_ANSWER_BYTES: usize = 32 * 1_024 * 1_024;

/// What an answer takes beside what it says: a digest, an entry and its place in a map.
const ENTRY: usize = 160;

/// What becomes of a request that needs an answer.
#[derive(Debug)]
pub enum Admission {
    /// The answer is known.
    Known(TokenStatus),
    /// The question has to be sent; the request waits.
    Send,
    /// The question is under way; the request waits.
    Wait,
    /// Too many wait already.
    Full,
}

/// Open questions, waiting requests and kept answers of one worker. `W` names a waiting request.
#[derive(Debug)]
pub struct InFlight<W> {
    kept: BoundedMap<Kept>,
    open: HashMap<TokenDigest, Question<W>>,
    questions: Quota,
    waiting: Quota,
}

#[derive(Debug)]
struct Question<W> {
    party: Party,
    waiters: Vec<W>,
}

#[derive(Debug)]
struct Kept {
    answer: TokenStatus,
    until: UnixTime,
}

impl<W: PartialEq> InFlight<W> {
    /// Nothing in flight, where so many servers can be asked.
    pub fn new(state: RandomState, servers: usize) -> InFlight<W> {
        InFlight {
            open: HashMap::with_hasher(state.clone()),
            kept: BoundedMap::with_budget(MAX_ANSWERS, MAX_ANSWER_BYTES, state),
            questions: Quota::new(MAX_QUESTIONS, servers),
            waiting: Quota::new(MAX_WAITING, servers),
        }
    }

    /// A request wants to know about `token`, on behalf of `party`.
    pub fn ask(&mut self, token: TokenDigest, party: Party, waiter: W, now: UnixTime) -> Admission {
        if let Some(kept) = self.kept.get(token.as_bytes()).filter(|kept| now < kept.until) {
            return Admission::Known(kept.answer.clone());
        }
        if !self.waiting.has_room(party) {
            return Admission::Full;
        }
        if let Some(question) = self.open.get_mut(&token) {
            question.waiters.push(waiter);
            self.waiting.take(question.party);
            return Admission::Wait;
        }
        if !self.questions.has_room(party) {
            return Admission::Full;
        }
        self.open.insert(token, Question { party, waiters: vec![waiter] });
        self.questions.take(party);
        self.waiting.take(party);
        Admission::Send
    }

    /// The answer has come: keeps it from `now` until `until`, if it is one, and returns who waited for it.
    pub fn answered(
        &mut self,
        token: TokenDigest,
        answer: &TokenStatus,
        now: UnixTime,
        until: UnixTime,
    ) -> Vec<W> {
        match answer {
            TokenStatus::Unavailable(_) => {}
            // What was known before counts no more, even should the clock go back.
            TokenStatus::Active(_) | TokenStatus::Inactive if until <= now => {
                self.kept.remove(token.as_bytes());
            }
            TokenStatus::Active(_) | TokenStatus::Inactive => {
                let bytes = answer.allocated_bytes().saturating_add(ENTRY);
                self.kept.insert_weighing(token.as_bytes(), Kept { answer: answer.clone(), until }, bytes);
            }
        }
        let Some(Question { party, waiters }) = self.open.remove(&token) else { return Vec::new() };
        self.questions.give_back(party, 1);
        self.waiting.give_back(party, waiters.len());
        waiters
    }

    /// A waiting request is gone; the question goes on for those who still wait, or for those to come.
    pub fn leave(&mut self, token: TokenDigest, waiter: &W) {
        if let Some(Question { party, waiters }) = self.open.get_mut(&token) {
            let before = waiters.len();
            waiters.retain(|other| other != waiter);
            self.waiting.give_back(*party, before.saturating_sub(waiters.len()));
        }
    }

    /// How many requests wait.
    pub fn waiting(&self) -> usize {
        self.waiting.taken()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::introspection::{Cause, RawResponse, Reading, read};
    use crate::policy::online::Method;

    const VERIFIED: Party = Party { server: 0, verified: true };
    const OTHER: Party = Party { server: 0, verified: false };

    fn now() -> UnixTime {
        UnixTime::new(1_000.0).expect("a time")
    }

    fn token(n: usize) -> TokenDigest {
        TokenDigest::new(0, &n.to_string())
    }

    #[test]
    fn questions_are_bounded_and_free_again_once_answered() {
        let mut in_flight = InFlight::new(RandomState::new(), 1);
        for n in 0..MAX_QUESTIONS {
            assert!(matches!(in_flight.ask(token(n), VERIFIED, n, now()), Admission::Send), "{n}");
        }
        assert!(matches!(in_flight.ask(token(MAX_QUESTIONS), VERIFIED, 0, now()), Admission::Full));
        assert!(
            matches!(in_flight.ask(token(0), VERIFIED, MAX_QUESTIONS, now()), Admission::Wait),
            "an open question takes more"
        );
        assert_eq!(
            in_flight.answered(token(0), &TokenStatus::Unavailable(Cause::Timeout), now(), now()),
            [0, MAX_QUESTIONS]
        );
        assert!(matches!(in_flight.ask(token(MAX_QUESTIONS), VERIFIED, 0, now()), Admission::Send));
    }

    #[test]
    fn waiting_requests_are_bounded_and_those_who_leave_make_room() {
        let mut in_flight = InFlight::new(RandomState::new(), 1);
        assert!(matches!(in_flight.ask(token(0), VERIFIED, 0, now()), Admission::Send));
        for n in 1..MAX_WAITING {
            assert!(matches!(in_flight.ask(token(0), VERIFIED, n, now()), Admission::Wait), "{n}");
        }
        assert!(matches!(in_flight.ask(token(0), VERIFIED, MAX_WAITING, now()), Admission::Full));
        assert!(matches!(in_flight.ask(token(1), VERIFIED, MAX_WAITING, now()), Admission::Full));
        in_flight.leave(token(0), &0);
        in_flight.leave(token(0), &0);
        assert_eq!(in_flight.waiting(), MAX_WAITING - 1);
        assert!(matches!(in_flight.ask(token(1), VERIFIED, MAX_WAITING, now()), Admission::Send));
        assert_eq!(in_flight.answered(token(0), &TokenStatus::Inactive, now(), now()).len(), MAX_WAITING - 1);
        assert_eq!(in_flight.waiting(), 1);
    }

    #[test]
    fn a_quarter_of_both_bounds_is_kept_for_verified_tokens() {
        let mut in_flight = InFlight::new(RandomState::new(), 1);
        for n in 0..768 {
            assert!(matches!(in_flight.ask(token(n), OTHER, n, now()), Admission::Send), "{n}");
        }
        assert!(matches!(in_flight.ask(token(768), OTHER, 768, now()), Admission::Full));
        assert!(matches!(in_flight.ask(token(769), VERIFIED, 769, now()), Admission::Send));
        for n in 768..12_288 {
            assert!(matches!(in_flight.ask(token(0), OTHER, n, now()), Admission::Wait), "{n}");
        }
        assert!(matches!(in_flight.ask(token(0), OTHER, 12_288, now()), Admission::Full));
        assert!(matches!(in_flight.ask(token(769), VERIFIED, 12_288, now()), Admission::Wait));
        assert_eq!(in_flight.waiting(), 12_290);
        in_flight.answered(token(0), &TokenStatus::Inactive, now(), now());
        assert_eq!(in_flight.waiting(), 769);
        assert!(matches!(in_flight.ask(token(768), OTHER, 768, now()), Admission::Send));
    }

    #[test]
    fn of_two_servers_none_takes_more_than_half_of_either_bound() {
        let mut in_flight = InFlight::new(RandomState::new(), 2);
        for n in 0..512 {
            assert!(matches!(in_flight.ask(token(n), VERIFIED, n, now()), Admission::Send), "{n}");
        }
        assert!(matches!(in_flight.ask(token(512), VERIFIED, 512, now()), Admission::Full));
        for n in 512..8_192 {
            assert!(matches!(in_flight.ask(token(0), VERIFIED, n, now()), Admission::Wait), "{n}");
        }
        assert!(matches!(in_flight.ask(token(0), VERIFIED, 8_192, now()), Admission::Full));
        let other_server = Party { server: 1, verified: true };
        assert!(matches!(in_flight.ask(token(8_192), other_server, 8_192, now()), Admission::Send));
        assert!(matches!(in_flight.ask(token(8_192), other_server, 8_193, now()), Admission::Wait));
    }

    /// The answer that a server gives with this body.
    fn answer(body: &str) -> TokenStatus {
        let raw = RawResponse {
            status: Some(200),
            by_proxy: false,
            content_types: &[b"application/json"],
            body: body.as_bytes(),
        };
        match read(&Method::Rfc7662 { credentials: None }, &raw) {
            Reading::Is(answer @ TokenStatus::Active(_)) => answer,
            other => panic!("{other:?}"),
        }
    }

    fn kept(in_flight: &mut InFlight<usize>, tokens: usize) -> Vec<usize> {
        let all = 0..tokens;
        all.filter(|n| matches!(in_flight.ask(token(*n), VERIFIED, *n, now()), Admission::Known(_))).collect()
    }

    #[test]
    fn kept_answers_are_bounded_in_bytes() {
        // 60 KB, of which each member takes 12 bytes once it is read, at least, and one more for its digit.
        let large = answer(&format!(r#"{{"active":true,"list":[0{}]}}"#, ",0".repeat(29_999)));
        let most = 32 * 1_024 * 1_024 / (30_000 * 13);
        let mut in_flight = InFlight::new(RandomState::new(), 1);
        for n in 0..200 {
            in_flight.answered(token(n), &large, now(), now().plus(1.0));
        }
        let kept = kept(&mut in_flight, 200);
        assert!((1..=most).contains(&kept.len()) && kept.contains(&199), "{kept:?}");
    }

    #[test]
    fn as_many_usual_answers_are_kept_as_ever() {
        let usual = answer(
            r#"{"active":true,"sub":"eec-0001.vehicles.example.com","iss":"aes.mnc001.mcc001.pub.3gppnetwork.org",
               "aud":["ees1.edge.example.net"],"exp":1796000000,"iat":1795996400,"gpsi":"msisdn-447700900123",
               "client_id":"ees1","scope":"eees-easdiscovery eees-eecregistration","token_type":"Bearer"}"#,
        );
        let mut in_flight = InFlight::new(RandomState::new(), 1);
        for n in 0..MAX_ANSWERS {
            in_flight.answered(token(n), &usual, now(), now().plus(1.0));
        }
        assert_eq!(kept(&mut in_flight, MAX_ANSWERS).len(), 16_384);
    }

    #[test]
    fn an_answer_is_kept_no_longer_than_told() {
        let mut in_flight: InFlight<usize> = InFlight::new(RandomState::new(), 1);
        let later = UnixTime::new(2_000.0).expect("a time");
        in_flight.ask(token(0), VERIFIED, 0, now());
        in_flight.answered(token(0), &TokenStatus::Inactive, now(), later);
        assert!(matches!(
            in_flight.ask(token(0), VERIFIED, 0, now()),
            Admission::Known(TokenStatus::Inactive)
        ));
        assert!(matches!(in_flight.ask(token(0), VERIFIED, 0, later), Admission::Send));
        in_flight.answered(token(0), &TokenStatus::Unavailable(Cause::Timeout), now(), later.plus(1_000.0));
        assert!(
            matches!(in_flight.ask(token(0), VERIFIED, 0, later), Admission::Send),
            "no answer is nothing to keep"
        );
    }

    #[test]
    fn an_answer_that_is_not_kept_takes_the_place_of_one_that_was() {
        let mut in_flight: InFlight<usize> = InFlight::new(RandomState::new(), 1);
        let later = now().plus(10.0);
        in_flight.answered(token(0), &TokenStatus::Inactive, now(), later);
        assert!(matches!(in_flight.ask(token(0), VERIFIED, 0, later), Admission::Send));
        assert_eq!(in_flight.answered(token(0), &TokenStatus::Inactive, later, later), [0]);
        // By a clock that has gone back.
        assert!(matches!(in_flight.ask(token(0), VERIFIED, 0, now()), Admission::Send));
    }
}
