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
    /// The time as it was last seen.
    seen: UnixTime,
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
            seen: UnixTime::EPOCH,
            open: HashMap::with_hasher(state.clone()),
            kept: BoundedMap::with_budget(MAX_ANSWERS, MAX_ANSWER_BYTES, state),
            questions: Quota::new(MAX_QUESTIONS, servers),
            waiting: Quota::new(MAX_WAITING, servers),
        }
    }

    /// A request wants to know about `token`, on behalf of `party`.
    pub fn ask(&mut self, token: TokenDigest, party: Party, waiter: W, now: UnixTime) -> Admission {
        self.see(now);
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
        self.see(now);
        match answer {
            TokenStatus::Unavailable(_) => {}
            // What was known before counts no more.
            TokenStatus::Active(_) | TokenStatus::Inactive if until <= now => {
                self.kept.remove(token.as_bytes());
            }
            TokenStatus::Active(_) | TokenStatus::Inactive => {
                let bytes = answer.allocated_bytes().saturating_add(ENTRY);
                self.kept.insert_weighing(token.as_bytes(), Kept { answer: answer.clone(), until }, bytes);
            }
        }
        self.withdraw(token)
    }

    /// The question about `token` is over, or is not asked after all; returns who waited for its answer.
    pub fn withdraw(&mut self, token: TokenDigest) -> Vec<W> {
        let Some(Question { party, waiters }) = self.open.remove(&token) else { return Vec::new() };
        self.questions.give_back(party, 1);
        self.waiting.give_back(party, waiters.len());
        waiters
    }

    /// If the clock has gone back, what was kept until a time by it would be kept for longer: it is not kept at all.
    fn see(&mut self, now: UnixTime) {
        if now < self.seen {
            self.kept.retain(|_| false);
        }
        self.seen = now;
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
mod tests;
