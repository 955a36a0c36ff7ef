//! A run: control requests, the cases of each group, and what they made taken away again.

use super::case::{Case, On, Want};
use super::catalogue::Group;
use super::kit::Kit;
use super::operation_table::OPERATIONS;
use super::operation_table::candidates;
use super::operations::Operation;
use super::progress::Progress;
use super::verdict::{Outcome, Verdict, is_let_through, is_not_served, judge};
use super::wire::{Answer, Connector, Request};
use crate::cli::failure::Failure;
use eec_authn::ownership;
use std::collections::HashMap;

/// Sends the requests of a run.
pub(super) struct Runner<'a> {
    connector: &'a Connector,
    kit: &'a Kit,
    /// Whether a good request for an operation is let through; asked once.
    served: HashMap<&'static str, Result<(), Verdict>>,
    /// Paths of what was made and not taken away yet.
    made: Vec<String>,
    /// Paths of what could not be taken away.
    pub(super) left_behind: Vec<String>,
}

impl<'a> Runner<'a> {
    pub(super) fn new(connector: &'a Connector, kit: &'a Kit) -> Runner<'a> {
        Runner { connector, kit, served: HashMap::new(), made: Vec::new(), left_behind: Vec::new() }
    }

    /// Finds the good request of the run. Without one nothing can be judged.
    pub(super) async fn begin(&mut self) -> Result<(), Failure> {
        let mut tried = Vec::new();
        for operation in candidates(self.kit.role) {
            self.kit.set_good_operation(operation);
            match self.control().await {
                Ok(()) => return Ok(()),
                Err(why) => tried.push(format!("to {} ({}): {why}", operation.title, operation.listed())),
            }
        }
        Err(Failure::new(format!(
            "a good request is not let through, so nothing can be judged; {}. Is the key the one that the target \
             trusts, and do --iss, --aud, --role and the target's name fit?",
            tried.join("; ")
        )))
    }

    /// Tries all cases. Those of a group count only if a good request was let through before them and after them.
    pub(super) async fn run<'c>(&mut self, groups: &'c [Group], progress: &mut Progress) -> Vec<Outcome<'c>> {
        let mut outcomes = Vec::new();
        let mut control = Ok(());
        for group in groups {
            if control.is_err() {
                control = self.control().await;
            }
            let mut verdicts = Vec::new();
            if control.is_ok() {
                let closed = self.gate(group).await;
                for case in &group.cases {
                    progress.at(&case.id);
                    verdicts.push(match &closed {
                        Some(verdict) => (verdict.clone(), None),
                        None => self.case(case).await,
                    });
                }
                control = self.control().await;
            }
            if let Err(why) = &control {
                let verdict =
                    Verdict::NotJudged(format!("a good request beside it is not let through: {why}"));
                verdicts = group.cases.iter().map(|_| (verdict.clone(), None)).collect();
            }
            let group_outcomes = group.cases.iter().zip(verdicts);
            outcomes.extend(group_outcomes.map(|(case, (verdict, status))| Outcome {
                group: group.title,
                case,
                verdict,
                status,
            }));
        }
        outcomes
    }

    /// The good request; the error is what came back.
    async fn control(&mut self) -> Result<(), String> {
        let request = self.kit.good().bearer(&self.kit.token());
        let answer = self.send(&request).await;
        self.clean().await;
        let_through(&answer)
    }

    /// Why a group has nothing to test here.
    async fn gate(&mut self, group: &Group) -> Option<Verdict> {
        let gate = group.gate.as_ref()?;
        let mut answer = self.send(&(gate.request)(self.kit)).await;
        if self.kit.nonce.borrow().is_some() && let_through(&answer).is_err() {
            // The first answer may have been the one that gave a nonce.
            answer = self.send(&(gate.request)(self.kit)).await;
        }
        self.clean().await;
        let why = let_through(&answer).err()?;
        Some(Verdict::NotApplicable(format!("{}: {why}", gate.why)))
    }

    async fn case(&mut self, case: &Case) -> (Verdict, Option<u16>) {
        let judged = self.tried(case).await;
        self.clean().await;
        judged
    }

    async fn tried(&mut self, case: &Case) -> (Verdict, Option<u16>) {
        let path = match self.place(case).await {
            Ok(path) => path,
            Err(verdict) => return (verdict, None),
        };
        let Some(request) = (case.request)(self.kit, &path) else {
            return (
                Verdict::NotApplicable("it makes no difference with this key or this target".into()),
                None,
            );
        };
        if matches!(case.want, Want::RefusedAgain)
            && let Err(why) = let_through(&self.send(&request).await)
        {
            return (Verdict::NotJudged(format!("the first time: {why}")), None);
        }
        let answer = self.send(&request).await;
        let status = answer.as_ref().ok().map(|answer| answer.status);
        let mut verdict = judge(self.kit, case, &answer);
        if let (On::ForeignItem(operation), Some(404)) = (case.on, status)
            && let Err(why) = let_through(&self.send(&self.good_request(operation, &path)).await)
        {
            verdict = Verdict::NotJudged(format!("404, and to its owner: {why}"));
        }
        if let (On::ForeignItem(_), Verdict::Held) = (case.on, &verdict)
            && let Some(bare) = without_seal(&path)
        {
            return self.without_seal(case, &bare).await.unwrap_or((verdict, status));
        }
        (verdict, status)
    }

    /// A front that seals identifiers may still take them bare: then nobody's resources are protected. `None` if it does not.
    async fn without_seal(&mut self, case: &Case, bare: &str) -> Option<(Verdict, Option<u16>)> {
        let request = (case.request)(self.kit, bare)?;
        let answer = self.send(&request).await;
        let beside = |why: String| format!("without the seal of the identifier: {why}");
        let verdict = match judge(self.kit, case, &answer) {
            Verdict::Held => return None,
            Verdict::Failed(why) => Verdict::Failed(beside(why)),
            Verdict::NotApplicable(why) => Verdict::NotApplicable(beside(why)),
            Verdict::NotJudged(why) => Verdict::NotJudged(beside(why)),
        };
        Some((verdict, answer.ok().map(|answer| answer.status)))
    }

    /// The path for a case: of its operation, and of an item made for it.
    async fn place(&mut self, case: &Case) -> Result<String, Verdict> {
        match case.on {
            On::Target => Ok(self.kit.target.path(self.kit.good_operation().path)),
            On::Operation(operation) if matches!(case.want, Want::LetThrough) => {
                self.path_of(operation).await
            }
            On::Operation(operation) | On::ForeignItem(operation) => {
                self.is_served(operation).await?;
                self.path_of(operation).await
            }
        }
    }

    /// Whether a good request for the operation is let through: else a refusal says nothing.
    async fn is_served(&mut self, operation: &'static Operation) -> Result<(), Verdict> {
        if let Some(known) = self.served.get(operation.id) {
            return known.clone();
        }
        let served = match self.path_of(operation).await {
            Ok(path) => {
                let answer = self.send(&self.good_request(operation, &path)).await;
                self.clean().await;
                not_served(&answer, operation)
            }
            Err(verdict) => Err(verdict),
        };
        self.served.insert(operation.id, served.clone());
        served
    }

    /// The path of an operation; where it is on an item, that of one made now.
    async fn path_of(&mut self, operation: &'static Operation) -> Result<String, Verdict> {
        let Some(maker) = operation.maker() else {
            return Ok(self.kit.target.path(operation.path));
        };
        let collection = self.kit.target.path(maker.path);
        let answer = self.send(&self.good_request(maker, &collection)).await;
        not_served(&answer, maker)?;
        let path = answer.ok().and_then(|answer| item(&answer, &collection));
        path.ok_or_else(|| {
            Verdict::NotApplicable(format!("to {}: no `Location` that names what was made", maker.title))
        })
    }

    fn good_request(&self, operation: &Operation, path: &str) -> Request {
        let kit = self.kit;
        kit.of(operation, path, &kit.eec, &kit.gpsi).bearer(&kit.token_with_gpsi())
    }

    /// Sends, and takes note of what the answer gives: a nonce, something made.
    async fn send(&mut self, request: &Request) -> Result<Answer, String> {
        let answer = self.connector.send(request).await?;
        if let Some(nonce) = answer.all("dpop-nonce").first() {
            *self.kit.nonce.borrow_mut() = Some((*nonce).to_owned());
        }
        let collections = OPERATIONS.iter().filter(|op| op.role == self.kit.role && op.item);
        let made = collections.filter_map(|op| item(&answer, &self.kit.target.path(op.path))).next();
        self.made.extend(made.filter(|_| answer.status == 201));
        Ok(answer)
    }

    /// Takes away what was made, as whichever client may.
    async fn clean(&mut self) {
        for path in std::mem::take(&mut self.made) {
            let delete = Request::new("DELETE", path.as_str());
            let mut gone = false;
            for token in [self.kit.token(), self.kit.other_token()] {
                let answer = self.connector.send(&delete.clone().bearer(&token)).await;
                gone = gone
                    || answer.is_ok_and(|answer| {
                        is_let_through(answer.status) || matches!(answer.status, 404 | 410)
                    });
                if gone {
                    break;
                }
            }
            if !gone {
                self.left_behind.push(path);
            }
        }
    }
}

/// The error is what came back instead.
fn let_through(answer: &Result<Answer, String>) -> Result<(), String> {
    match answer {
        Ok(answer) if is_let_through(answer.status) => Ok(()),
        Ok(answer) => Err(format!("answered {}", answer.status)),
        Err(why) => Err(why.clone()),
    }
}

fn not_served(answer: &Result<Answer, String>, operation: &Operation) -> Result<(), Verdict> {
    let because = |why: &str| format!("a good request to {} is not let through: {why}", operation.title);
    match (let_through(answer), answer) {
        (Ok(()), _) => Ok(()),
        (Err(why), Ok(answer)) if is_not_served(answer.status) => Err(Verdict::NotApplicable(because(&why))),
        (Err(why), _) => Err(Verdict::NotJudged(because(&why))),
    }
}

/// A path without what has the form of a seal behind its identifier (`docs/contract.md#ownership`), if anything has.
fn without_seal(path: &str) -> Option<String> {
    ownership::without_seal(path.as_bytes()).and_then(|bare| String::from_utf8(bare).ok())
}

/// The path that `Location` names, if it is that of an item of the collection.
fn item(answer: &Answer, collection: &str) -> Option<String> {
    let [location] = answer.all("location")[..] else { return None };
    let path = match location.split_once("://") {
        Some((_, rest)) => rest.find('/').map(|at| &rest[at..])?,
        None => location,
    };
    let id = path.strip_prefix(collection)?.strip_prefix('/')?;
    let visible = id.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b'?' | b'#'));
    (!id.is_empty() && visible).then(|| path.to_owned())
}
