//! From an answer to a verdict, by the rules of `docs/contract.md#conformance`.

use super::case::{Case, On, Want};
use super::kit::Kit;
use super::wire::Answer;

/// What became of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// As it must be.
    Held,
    /// Not as it must be, and how.
    Failed(String),
    /// The target, or the key, has nothing that it could be tried on, and why.
    NotApplicable(String),
    /// Nothing follows from what came back.
    NotJudged(String),
}

/// The four of them, in the order of reports: name, and where it stands.
pub(super) const NAMES: [&str; 4] = ["held", "failed", "not applicable", "could not be judged"];

impl Verdict {
    /// Its name.
    pub(super) fn name(&self) -> &'static str {
        NAMES[self.place()]
    }

    /// Its place among the four.
    pub(super) fn place(&self) -> usize {
        match self {
            Verdict::Held => 0,
            Verdict::Failed(_) => 1,
            Verdict::NotApplicable(_) => 2,
            Verdict::NotJudged(_) => 3,
        }
    }

    /// Why it is not held.
    pub(super) fn why(&self) -> Option<&str> {
        match self {
            Verdict::Held => None,
            Verdict::Failed(why) | Verdict::NotApplicable(why) | Verdict::NotJudged(why) => Some(why),
        }
    }
}

/// A case with its verdict.
pub(super) struct Outcome<'a> {
    /// The title of its group.
    pub(super) group: &'static str,
    /// The case.
    pub(super) case: &'a Case,
    /// What became of it.
    pub(super) verdict: Verdict,
    /// The status that decided, if there was one.
    pub(super) status: Option<u16>,
}

/// Whether a request was let through.
pub(super) fn is_let_through(status: u16) -> bool {
    (200..300).contains(&status)
}

/// Whether a status says that an operation is not served at all.
pub(super) fn is_not_served(status: u16) -> bool {
    matches!(status, 404 | 405 | 501)
}

/// What an answer means for a case. A foreign item's 404 needs a look at its owner beside this.
pub(super) fn judge(kit: &Kit, case: &Case, answer: &Result<Answer, String>) -> Verdict {
    let answer = match answer {
        Ok(answer) => answer,
        Err(why) => return Verdict::NotJudged(why.clone()),
    };
    let status = answer.status;
    let refused = case.want.refusals().contains(&status);
    match case.want {
        Want::LetThrough if is_let_through(status) => Verdict::Held,
        Want::LetThrough if refused => Verdict::Failed(format!("refused: answered {status}")),
        Want::LetThrough if is_not_served(status) && case.on != On::Target => {
            Verdict::NotApplicable(format!("the target does not serve it: answered {status}"))
        }
        Want::LetThrough => unclear(status),
        Want::RefusedWith(check) if refused => match check(kit, answer) {
            Ok(()) => Verdict::Held,
            Err(why) => Verdict::Failed(why),
        },
        Want::RefusedToken
        | Want::RefusedBody
        | Want::RefusedPlace
        | Want::RefusedItem
        | Want::RefusedAgain
            if refused =>
        {
            Verdict::Held
        }
        Want::RefusedToken
        | Want::RefusedBody
        | Want::RefusedPlace
        | Want::RefusedItem
        | Want::RefusedAgain
        | Want::RefusedWith(_) => {
            if is_let_through(status) {
                Verdict::Failed(format!("let through: answered {status}"))
            } else {
                unclear(status)
            }
        }
    }
}

fn unclear(status: u16) -> Verdict {
    Verdict::NotJudged(format!("{status} says neither that it was let through nor that it was refused"))
}
