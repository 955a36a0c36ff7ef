//! What came of one step.

use super::striking::struck;
use crate::cli::output::harmless;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// As it should.
    Done,
    /// A server refused: its status, and the cause that it gives, if any.
    Refused(u16, Option<String>),
    /// No answer, or none to go on with; why.
    Failed(String),
}

/// A step, told for people or machines. No token and no key is in it.
#[derive(Debug)]
pub(crate) struct Report {
    /// The step in one word.
    pub(crate) step: &'static str,
    /// The server that it is about.
    pub(crate) server: Option<String>,
    pub(crate) outcome: Outcome,
    /// The method and the URL, where something was sent; of the last request if it was led on.
    pub(crate) sent_to: Option<(&'static str, String)>,
    /// The body that was sent.
    pub(crate) sent: Option<Value>,
    /// What the token is known by: the one that was sent, or got.
    pub(crate) token: Option<Value>,
    /// Whether a proof of possession came with it.
    pub(crate) proof: bool,
    pub(crate) status: Option<u16>,
    /// The answer's body; a text where it is not JSON.
    pub(crate) received: Option<Value>,
    /// Where what was made is.
    pub(crate) made: Option<String>,
    /// What happened on the way.
    pub(crate) notes: Vec<String>,
    pub(crate) took: Duration,
}

impl Report {
    /// A step that has not begun.
    pub(super) fn new(step: &'static str) -> Report {
        Report {
            step,
            server: None,
            outcome: Outcome::Done,
            sent_to: None,
            sent: None,
            token: None,
            proof: false,
            status: None,
            received: None,
            made: None,
            notes: Vec::new(),
            took: Duration::ZERO,
        }
    }

    /// Takes out of everything that a server may have had a hand in what `strike` takes out.
    pub(super) fn struck(mut self, strike: &impl Fn(&str) -> String) -> Report {
        if let Outcome::Refused(_, Some(text)) | Outcome::Failed(text) = &mut self.outcome {
            *text = strike(text);
        }
        let url = self.sent_to.as_mut().map(|(_, url)| url);
        for text in self.notes.iter_mut().chain(&mut self.made).chain(&mut self.server).chain(url) {
            *text = strike(text);
        }
        for value in [&mut self.sent, &mut self.token, &mut self.received].into_iter().flatten() {
            *value = struck(std::mem::take(value), strike);
        }
        self
    }

    /// For machines.
    pub(crate) fn json(&self) -> Value {
        let (outcome, cause, why) = match &self.outcome {
            Outcome::Done => ("done", None, None),
            Outcome::Refused(_, cause) => ("refused", cause.as_ref(), None),
            Outcome::Failed(why) => ("failed", None, Some(why)),
        };
        let (method, url) = self.sent_to.as_ref().map(|(method, url)| (*method, url)).unzip();
        let members = [
            ("step", json!(self.step)),
            ("server", json!(self.server)),
            ("outcome", json!(outcome)),
            ("cause", json!(cause)),
            ("why", json!(why)),
            ("method", json!(method)),
            ("url", json!(url)),
            ("token", json!(self.token)),
            ("proof", json!(self.proof)),
            ("sent", json!(self.sent)),
            ("status", json!(self.status)),
            ("received", json!(self.received)),
            ("made", json!(self.made)),
            ("notes", json!(self.notes)),
            ("milliseconds", json!(self.milliseconds())),
        ];
        let there = members.into_iter().filter(|(_, value)| !value.is_null());
        Value::Object(there.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
    }

    /// For people, in lines.
    pub(crate) fn text(&self) -> String {
        let server = self.server.as_ref().map(|server| format!(" {server}"));
        let mut lines = vec![format!("{}{}", self.step, server.unwrap_or_default())];
        // A token that was got comes after the request for it, all that is known of it; one that was sent is named.
        let got = self.step == "token";
        if let Some((method, url)) = &self.sent_to {
            lines.push(format!("  > {method} {url}"));
        }
        let proof = if self.proof { "with a proof by the client's key" } else { "" };
        match &self.token {
            Some(token) if !got => {
                let named = ["scheme", "jti", "opaque"].into_iter().filter(|name| token.get(*name).is_some());
                let named: Map<_, _> = named.map(|name| (name.to_owned(), token[name].clone())).collect();
                lines.push(format!("    token: {} {proof}", pairs(&named)));
            }
            _ if self.proof => lines.push(format!("    {proof}")),
            _ => {}
        }
        lines.extend(self.sent.as_ref().map(|sent| format!("    {sent}")));
        lines.extend(self.status.map(|status| format!("  < {status} in {} ms", self.milliseconds())));
        if let (true, Some(Value::Object(token))) = (got, &self.token) {
            lines.push(format!("    token: {}", pairs(token)));
        }
        lines.extend(self.received.as_ref().map(|received| format!("    {received}")));
        lines.extend(self.made.as_ref().map(|made| format!("    made: {made}")));
        lines.extend(self.notes.iter().map(|note| format!("    {note}")));
        lines.extend(self.ended().map(|text| format!("  ! {text}")));
        // What a server says may have line breaks of its own.
        lines.into_iter().map(|line| harmless(line.trim_end())).collect::<Vec<_>>().join("\n")
    }

    /// What went wrong, in a line.
    pub(crate) fn ended(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Done => None,
            Outcome::Refused(status, Some(cause)) => Some(format!("refused: {status} {cause}")),
            Outcome::Refused(status, None) => Some(format!("refused: {status}")),
            Outcome::Failed(why) => Some(why.clone()),
        }
    }

    fn milliseconds(&self) -> f64 {
        // Microseconds are as fine as it is worth.
        (self.took.as_secs_f64() * 1e6).round() / 1e3
    }
}

/// `name value` pairs.
fn pairs(members: &Map<String, Value>) -> String {
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    members.iter().map(|(name, value)| format!("{name} {}", shown(value))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        Report {
            sent_to: Some(("POST", "https://ees1.example/x".into())),
            token: Some(json!({"scheme": "DPoP", "jti": "j", "sub": "eec-1"})),
            proof: true,
            sent: Some(json!({"eecId": "eec-1"})),
            status: Some(403),
            outcome: Outcome::Refused(403, Some("BINDING_MISMATCH".into())),
            received: Some(json!("\u{1b}[2J\u{9b}")),
            took: Duration::from_micros(1500),
            ..Report::new("register")
        }
    }

    #[test]
    fn people_see_what_was_sent_and_what_came_and_nothing_that_steers_a_terminal() {
        assert_eq!(
            report().text(),
            "register\n  > POST https://ees1.example/x\n    token: jti j, scheme DPoP with a proof by the client's key\n    \
             {\"eecId\":\"eec-1\"}\n  < 403 in 1.5 ms\n    \"\\u001b[2J\\u009b\"\n  ! refused: 403 BINDING_MISMATCH"
        );
    }

    #[test]
    fn what_is_struck_is_nowhere() {
        let all = Report {
            outcome: Outcome::Failed("a t0ken".into()),
            sent_to: Some(("POST", "https://ees1.example/t0ken".into())),
            made: Some("https://ees1.example/t0ken".into()),
            notes: vec!["to t0ken".into()],
            received: Some(json!({"t0ken": ["t0ken"]})),
            // A server may have named this host.
            server: Some("t0ken.example".into()),
            sent: Some(json!({"audience": "t0ken.example"})),
            token: Some(json!({"aud": "t0ken.example"})),
            ..report()
        };
        let struck = all.struck(&|text: &str| text.replace("t0ken", "-"));
        assert!(!format!("{struck:?}").contains("t0ken"), "{struck:?}");
        assert_eq!(struck.received, Some(json!({"-": ["-"]})));
    }

    #[test]
    fn machines_get_one_object_without_what_is_not_there() {
        let shown = report().json();
        assert_eq!(shown["outcome"], "refused");
        assert_eq!((&shown["cause"], &shown["status"]), (&json!("BINDING_MISMATCH"), &json!(403)));
        assert_eq!(shown["milliseconds"], 1.5);
        assert!(shown.get("made").is_none() && shown.get("why").is_none());
        assert!(!shown.to_string().contains('\n'));
    }
}
