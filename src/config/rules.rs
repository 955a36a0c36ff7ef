//! `rules`: the operator's own, tried before the built-in operations.

use super::matcher::{BuiltIn, matcher};
use super::node::Node;
use super::shape::quote;
use super::values::claim;
use super::words;
use crate::json::{Json, Pointer};
use crate::policy::{Action, Binding, ClaimCheck, Condition, Rule};

/// Reads a condition out of its member.
type Reader = fn(&Node<'_>) -> Option<Condition>;

/// The conditions that `members` declares, each with its reader.
const CONDITIONS: [(&str, Reader); 6] = [
    ("equals", |member| Some(Condition::Equals(member.json()?.clone()))),
    ("one_of", |member| Some(Condition::OneOf(member.json().and_then(Json::as_array)?.to_vec()))),
    ("prefix", |member| Some(Condition::Prefix(member.text()?.into()))),
    ("suffix", |member| Some(Condition::Suffix(member.text()?.into()))),
    ("contains", |member| Some(Condition::Contains(member.text()?.into()))),
    ("present", |member| Some(Condition::Present(member.flag()?))),
];

/// Compiles the rules; without `built_in`, a mistake reported elsewhere, `api` is not looked at.
pub(super) fn rules(node: &Node<'_>, built_in: Option<BuiltIn<'_>>) -> Option<Vec<Rule>> {
    every(node, |item| rule(item, built_in))
}

/// Compiles every item, also after one that is wrong, so that all mistakes are found.
fn every<T>(node: &Node<'_>, compile: impl Fn(&Node<'_>) -> Option<T>) -> Option<Vec<T>> {
    let compiled: Vec<Option<T>> = node.items().iter().map(compile).collect();
    compiled.into_iter().collect()
}

fn rule(node: &Node<'_>, built_in: Option<BuiltIn<'_>>) -> Option<Rule> {
    let action = node.member("action").word(&words::ACTION);
    if matches!(action, Some(Action::PassWithoutToken | Action::Deny)) {
        for name in ["claims", "bind", "built_in_binding", "mode"] {
            let member = node.member(name);
            if member.is_present() {
                member.error(
                    "means nothing here; use it with `action` \"authenticate\" or leave it out".into(),
                );
            }
        }
    }
    let built_in_binding = node.member("built_in_binding");
    if built_in_binding.flag() == Some(false) {
        built_in_binding.warn("a token of one EEC can speak for another in these operations".into());
    }
    let matcher = matcher(&node.member("match"), built_in);
    let claims = every(&node.member("claims"), claim_check);
    let bind = every(&node.member("bind"), binding);
    Some(Rule {
        name: node.member("name").text().map(Box::from),
        matcher: matcher?,
        action: action?,
        claims: claims?,
        bind: bind?,
        built_in_binding: built_in_binding.flag()?,
        mode: node.member("mode").word(&words::MODE)?,
    })
}

fn claim_check(node: &Node<'_>) -> Option<ClaimCheck> {
    let form = node.form()?;
    let (_, read) = CONDITIONS.iter().find(|(name, _)| *name == form)?;
    let condition = read(&node.member(form))?;
    Some(ClaimCheck { claim: claim(&node.member("claim"))?, condition })
}

fn binding(node: &Node<'_>) -> Option<Binding> {
    let (source, body) = (node.member("claim"), node.member("body"));
    if node.form()? == "absent" {
        return pointer(&node.member("absent")).map(Binding::Absent);
    }
    let (claim, body) = (claim(&source), pointer(&body));
    Some(Binding::Claim { claim: claim?, body: body?, required: node.member("required").flag()? })
}

/// A place in the body.
fn pointer(node: &Node<'_>) -> Option<Pointer> {
    let text = node.text()?;
    let parsed = Pointer::parse(text);
    if parsed.is_none() {
        node.error(format!(
            "{} is not a JSON pointer; give one such as \"/operator/eecId\" (RFC 6901)",
            quote(text)
        ));
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::CONDITIONS;
    use crate::config::members;
    use crate::config::shape::Shape;

    #[test]
    fn every_declared_condition_has_a_reader() {
        let Shape::Forms(_, forms) = &members::rules::CLAIM_CHECK else { panic!("claim checks have forms") };
        let declared: Vec<&str> = forms.iter().map(|form| form.needs[0]).collect();
        assert_eq!(declared, CONDITIONS.map(|(name, _)| name));
    }
}
