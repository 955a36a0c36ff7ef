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

/// Answers kept, per worker: a digest and what it says, some hundred bytes each.
const MAX_ANSWERS: usize = 16_384;

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
            kept: BoundedMap::new(MAX_ANSWERS, state),
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
            self.kept.insert(&token.0, Kept { answer: answer.clone(), until });
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
