//! What was seen of a walk: every check, what it came to, and what client and upstream get.

use super::Shown;
use crate::decision::{Check, Denial, Ending, Note, OperationName};
use crate::exchange::rehearsal::{Decision, Outcome};
use crate::json::Json;
use crate::reply::Reply;

const WHOLE: &str = "the filter is in shadow mode: the request would go on, and this would be recorded";
const RULE: &str = "the rule is in shadow mode: the request would go on, and this would be recorded";

/// A walk that has been seen.
#[derive(Debug)]
pub struct Explanation {
    outcome: Outcome,
}

impl Explanation {
    pub(super) fn new(outcome: Outcome) -> Explanation {
        Explanation { outcome }
    }

    /// What became of the request.
    pub fn decision(&self) -> &Decision {
        &self.outcome.decision
    }

    /// The denial that decided, if one did.
    pub fn denial(&self) -> Option<&Denial> {
        self.outcome.denial()
    }

    /// Every check in order, how it ended, and what it compared.
    pub fn endings(&self) -> Vec<(Check, Shown, Option<&Note>)> {
        let recorded = self.outcome.noted.as_ref().map(|denial| denial.reason);
        let endings = self.outcome.trace.endings(self.outcome.denial()).into_iter();
        let shown = |(check, ending, note)| match recorded {
            Some(reason) if reason.check() == check && ending == Ending::Passed => {
                (check, Shown::Recorded(reason), note)
            }
            _ => (check, Shown::Decided(ending), note),
        };
        endings.map(shown).collect()
    }

    /// What became of it, in words.
    pub fn verdict(&self) -> String {
        match &self.outcome.decision {
            Decision::Denied(denial, _) | Decision::Recorded(denial) => {
                format!("denied: {}", denial.reason.code())
            }
            Decision::Passed => "passes without a token".into(),
            Decision::Undecided if self.outcome.is_unanswered => {
                "undecided: it depends on what the entitlement server answers; give that by --answer".into()
            }
            Decision::Undecided => "undecided: all but its body would do; give that by --body".into(),
            Decision::Allowed => "allowed".into(),
        }
    }

    /// What the decision is missing, where there is none: `answer`, the entitlement server's, or `body`.
    pub fn undecided(&self) -> Option<&'static str> {
        let is_open = matches!(self.outcome.decision, Decision::Undecided);
        is_open.then_some(if self.outcome.is_unanswered { "answer" } else { "body" })
    }

    /// What the client gets in place of an answer.
    pub fn reply(&self) -> Option<&Reply> {
        match &self.outcome.decision {
            Decision::Denied(_, reply) => Some(reply),
            Decision::Allowed | Decision::Passed | Decision::Recorded(_) | Decision::Undecided => None,
        }
    }

    /// What is only recorded, and why the request goes on.
    pub fn recorded(&self) -> Option<(&Denial, &'static str)> {
        match &self.outcome.decision {
            Decision::Recorded(denial) => Some((denial, WHOLE)),
            Decision::Allowed | Decision::Passed | Decision::Denied(..) | Decision::Undecided => {
                self.outcome.noted.as_ref().map(|denial| (denial, RULE))
            }
        }
    }

    /// Whom the upstream is told about.
    pub fn identity(&self) -> impl Iterator<Item = (&str, &str)> {
        self.outcome.identity.iter().flat_map(|token| token.identity_headers())
    }

    /// The path that the upstream gets instead of the client's.
    pub fn upstream_path(&self) -> Option<String> {
        self.outcome.target.as_ref().map(|target| String::from_utf8_lossy(target).into_owned())
    }

    /// All of it, for machines; `unknown_secrets` are variables that are not there, so that no seal fits.
    pub fn to_json(&self, unknown_secrets: &[String]) -> Json {
        let checks = self.endings().into_iter().map(|(check, shown, note)| {
            Json::object([
                ("check", check.name().into()),
                ("clause", check.clause().into()),
                ("code", text_or_null(shown.code())),
                ("expected", text_or_null(note.map(|note| &*note.expected))),
                ("found", text_or_null(note.map(|note| &*note.found))),
                ("state", shown.state().into()),
            ])
        });
        let checks = Json::Array(checks.collect());
        let shadow = self.recorded().map(|(denial, note)| {
            Json::object([
                ("because", (&*denial.explained()).into()),
                ("code", denial.reason.code().into()),
                ("note", note.into()),
            ])
        });
        let identity = self.identity().map(|(name, value)| (name.into(), value.into())).collect();
        let removed = self.outcome.removed.iter().map(|name| Json::from(&*String::from_utf8_lossy(name)));
        Json::object([
            ("because", text_or_null(self.denial().map(Denial::explained).as_deref())),
            ("checks", checks),
            ("decision", (&*self.verdict()).into()),
            ("identity_headers", Json::Object(identity)),
            ("operation", self.outcome.trace.operation().map_or(Json::Null, operation)),
            ("removed_headers", Json::Array(removed.collect())),
            ("reply", self.reply().map_or(Json::Null, reply)),
            ("rule", self.rule()),
            ("shadow", shadow.unwrap_or(Json::Null)),
            ("undecided", text_or_null(self.undecided())),
            (
                "unknown_secrets",
                Json::Array(unknown_secrets.iter().map(|name| Json::from(&**name)).collect()),
            ),
            ("upstream_path", text_or_null(self.upstream_path().as_deref())),
        ])
    }

    /// The rule that took the request.
    fn rule(&self) -> Json {
        self.outcome.rule.as_ref().map_or(Json::Null, |(number, rule)| {
            Json::object([("name", text_or_null(rule.name.as_deref())), ("number", number_of(*number))])
        })
    }
}

fn reply(reply: &Reply) -> Json {
    let mut headers: Vec<(Box<str>, Json)> = Vec::new();
    for (name, value) in &reply.headers {
        match headers.iter_mut().find(|(known, _)| **known == **name) {
            // A field that is there twice is one list (RFC 9110, section 5.3).
            Some((_, Json::String(list))) => *list = format!("{list}, {value}").into(),
            _ => headers.push(((*name).into(), (&**value).into())),
        }
    }
    headers.sort_by(|(one, _), (other, _)| one.cmp(other));
    let body = crate::json::parse(reply.body.as_bytes()).unwrap_or(Json::Null);
    Json::object([
        ("body", body),
        ("headers", Json::Object(headers)),
        ("status", number_of(usize::from(reply.status))),
    ])
}

fn operation(operation: OperationName) -> Json {
    Json::object([
        ("api", operation.api.into()),
        ("method", operation.method.into()),
        ("resource", operation.resource.into()),
    ])
}

pub(super) fn number_of(number: usize) -> Json {
    Json::Number(number.to_string().into())
}

pub(super) fn text_or_null(text: Option<&str>) -> Json {
    text.map_or(Json::Null, Json::from)
}
