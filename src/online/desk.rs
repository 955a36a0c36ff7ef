//! Who waits for which answer: one question at a time for one token, however many requests wait for it.

use super::quota::Quota;
use super::{Answer, Party};
use crate::cache::BoundedMap;
use crate::time::UnixTime;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
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

/// A token at an entitlement server, in 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest of `token` as a token of the entitlement server with this number.
    pub fn new(server: usize, token: &str) -> TokenDigest {
        let mut hash = Sha256::new();
        hash.update(server.to_le_bytes());
        hash.update(token);
        TokenDigest(hash.finalize().into())
    }
}

/// What becomes of a request that needs an answer.
#[derive(Debug)]
pub enum Asked {
    /// The answer is known.
    Known(Answer),
    /// The question has to be sent; the request waits.
    Send,
    /// The question is under way; the request waits.
    Wait,
    /// Too many wait already.
    Full,
}

/// Open questions, waiting requests and kept answers of one worker. `W` names a waiting request.
#[derive(Debug)]
pub struct Desk<W> {
    kept: BoundedMap<Kept>,
    open: BTreeMap<TokenDigest, Question<W>>,
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
    answer: Answer,
    until: UnixTime,
}

impl<W: PartialEq> Desk<W> {
    /// An empty desk, where so many servers can be asked.
    pub fn new(state: RandomState, servers: usize) -> Desk<W> {
        Desk {
            kept: BoundedMap::with_budget(MAX_ANSWERS, MAX_ANSWER_BYTES, state),
            open: BTreeMap::new(),
            questions: Quota::new(MAX_QUESTIONS, servers),
            waiting: Quota::new(MAX_WAITING, servers),
        }
    }

    /// A request wants to know about `token`, on behalf of `party`.
    pub fn ask(&mut self, token: TokenDigest, party: Party, waiter: W, now: UnixTime) -> Asked {
        if let Some(kept) = self.kept.get(&token.0).filter(|kept| now < kept.until) {
            return Asked::Known(kept.answer.clone());
        }
        if !self.waiting.has_room(party) {
            return Asked::Full;
        }
        if let Some(question) = self.open.get_mut(&token) {
            question.waiters.push(waiter);
            self.waiting.take(question.party);
            return Asked::Wait;
        }
        if !self.questions.has_room(party) {
            return Asked::Full;
        }
        self.open.insert(token, Question { party, waiters: vec![waiter] });
        self.questions.take(party);
        self.waiting.take(party);
        Asked::Send
    }

    /// The answer has come: keeps it until `until`, if it is one, and returns who waited for it.
    pub fn answered(&mut self, token: TokenDigest, answer: &Answer, until: UnixTime) -> Vec<W> {
        if !matches!(answer, Answer::Unavailable) {
            let bytes = answer.allocated_bytes().saturating_add(ENTRY);
            self.kept.insert_weighing(&token.0, Kept { answer: answer.clone(), until }, bytes);
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
    use crate::online::{RawAnswer, Reading, read};
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
        let mut desk = Desk::new(RandomState::new(), 1);
        for n in 0..MAX_QUESTIONS {
            assert!(matches!(desk.ask(token(n), VERIFIED, n, now()), Asked::Send), "{n}");
        }
        assert!(matches!(desk.ask(token(MAX_QUESTIONS), VERIFIED, 0, now()), Asked::Full));
        assert!(
            matches!(desk.ask(token(0), VERIFIED, MAX_QUESTIONS, now()), Asked::Wait),
            "an open question takes more"
        );
        assert_eq!(desk.answered(token(0), &Answer::Unavailable, now()), [0, MAX_QUESTIONS]);
        assert!(matches!(desk.ask(token(MAX_QUESTIONS), VERIFIED, 0, now()), Asked::Send));
    }

    #[test]
    fn waiting_requests_are_bounded_and_those_who_leave_make_room() {
        let mut desk = Desk::new(RandomState::new(), 1);
        assert!(matches!(desk.ask(token(0), VERIFIED, 0, now()), Asked::Send));
        for n in 1..MAX_WAITING {
            assert!(matches!(desk.ask(token(0), VERIFIED, n, now()), Asked::Wait), "{n}");
        }
        assert!(matches!(desk.ask(token(0), VERIFIED, MAX_WAITING, now()), Asked::Full));
        assert!(matches!(desk.ask(token(1), VERIFIED, MAX_WAITING, now()), Asked::Full));
        desk.leave(token(0), &0);
        desk.leave(token(0), &0);
        assert_eq!(desk.waiting(), MAX_WAITING - 1);
        assert!(matches!(desk.ask(token(1), VERIFIED, MAX_WAITING, now()), Asked::Send));
        assert_eq!(desk.answered(token(0), &Answer::Inactive, now()).len(), MAX_WAITING - 1);
        assert_eq!(desk.waiting(), 1);
    }

    #[test]
    fn a_quarter_of_both_bounds_is_kept_for_verified_tokens() {
        let mut desk = Desk::new(RandomState::new(), 1);
        for n in 0..768 {
            assert!(matches!(desk.ask(token(n), OTHER, n, now()), Asked::Send), "{n}");
        }
        assert!(matches!(desk.ask(token(768), OTHER, 768, now()), Asked::Full));
        assert!(matches!(desk.ask(token(769), VERIFIED, 769, now()), Asked::Send));
        for n in 768..12_288 {
            assert!(matches!(desk.ask(token(0), OTHER, n, now()), Asked::Wait), "{n}");
        }
        assert!(matches!(desk.ask(token(0), OTHER, 12_288, now()), Asked::Full));
        assert!(matches!(desk.ask(token(769), VERIFIED, 12_288, now()), Asked::Wait));
        assert_eq!(desk.waiting(), 12_290);
        desk.answered(token(0), &Answer::Inactive, now());
        assert_eq!(desk.waiting(), 769);
        assert!(matches!(desk.ask(token(768), OTHER, 768, now()), Asked::Send));
    }

    #[test]
    fn of_two_servers_none_takes_more_than_half_of_either_bound() {
        let mut desk = Desk::new(RandomState::new(), 2);
        for n in 0..512 {
            assert!(matches!(desk.ask(token(n), VERIFIED, n, now()), Asked::Send), "{n}");
        }
        assert!(matches!(desk.ask(token(512), VERIFIED, 512, now()), Asked::Full));
        for n in 512..8_192 {
            assert!(matches!(desk.ask(token(0), VERIFIED, n, now()), Asked::Wait), "{n}");
        }
        assert!(matches!(desk.ask(token(0), VERIFIED, 8_192, now()), Asked::Full));
        let other_server = Party { server: 1, verified: true };
        assert!(matches!(desk.ask(token(8_192), other_server, 8_192, now()), Asked::Send));
        assert!(matches!(desk.ask(token(8_192), other_server, 8_193, now()), Asked::Wait));
    }

    /// The answer that a server gives with this body.
    fn answer(body: &str) -> Answer {
        let raw =
            RawAnswer { status: Some(200), content_types: &[b"application/json"], body: body.as_bytes() };
        match read(&Method::Rfc7662 { credentials: None }, &raw) {
            Reading::Is(answer @ Answer::Active(_)) => answer,
            other => panic!("{other:?}"),
        }
    }

    fn kept(desk: &mut Desk<usize>, tokens: usize) -> Vec<usize> {
        let all = 0..tokens;
        all.filter(|n| matches!(desk.ask(token(*n), VERIFIED, *n, now()), Asked::Known(_))).collect()
    }

    #[test]
    fn kept_answers_are_bounded_in_bytes() {
        // 60 KB, of which each member takes 12 bytes once it is read, at least, and one more for its digit.
        let large = answer(&format!(r#"{{"active":true,"list":[0{}]}}"#, ",0".repeat(29_999)));
        let most = 32 * 1_024 * 1_024 / (30_000 * 13);
        let mut desk = Desk::new(RandomState::new(), 1);
        for n in 0..200 {
            desk.answered(token(n), &large, now().plus(1.0));
        }
        let kept = kept(&mut desk, 200);
        assert!((1..=most).contains(&kept.len()) && kept.contains(&199), "{kept:?}");
    }

    #[test]
    fn as_many_usual_answers_are_kept_as_ever() {
        let usual = answer(
            r#"{"active":true,"sub":"eec-0001.vehicles.example.com","iss":"aes.mnc001.mcc001.pub.3gppnetwork.org",
               "aud":["ees1.edge.example.net"],"exp":1796000000,"iat":1795996400,"gpsi":"msisdn-447700900123",
               "client_id":"ees1","scope":"eees-easdiscovery eees-eecregistration","token_type":"Bearer"}"#,
        );
        let mut desk = Desk::new(RandomState::new(), 1);
        for n in 0..MAX_ANSWERS {
            desk.answered(token(n), &usual, now().plus(1.0));
        }
        assert_eq!(kept(&mut desk, MAX_ANSWERS).len(), 16_384);
    }

    #[test]
    fn an_answer_is_kept_no_longer_than_told() {
        let mut desk: Desk<usize> = Desk::new(RandomState::new(), 1);
        let later = UnixTime::new(2_000.0).expect("a time");
        desk.ask(token(0), VERIFIED, 0, now());
        desk.answered(token(0), &Answer::Inactive, later);
        assert!(matches!(desk.ask(token(0), VERIFIED, 0, now()), Asked::Known(Answer::Inactive)));
        assert!(matches!(desk.ask(token(0), VERIFIED, 0, later), Asked::Send));
        desk.answered(token(0), &Answer::Unavailable, later.plus(1_000.0));
        assert!(
            matches!(desk.ask(token(0), VERIFIED, 0, later), Asked::Send),
            "no answer is nothing to keep"
        );
    }
}
