//! `match`: which requests a rule takes.

use super::node::Node;
use super::shape::quote;
use super::values::fqdn;
use crate::policy::operations::{Method, OPERATIONS};
use crate::policy::{ApiRoot, Matcher, Operation, Role, Template, operations, path};

/// The methods of RFC 9110, section 9, and RFC 5789.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// Where the built-in operations are.
#[derive(Clone, Copy)]
pub(super) struct BuiltIn<'a> {
    pub(super) role: Role,
    pub(super) api_root: &'a ApiRoot,
}

pub(super) fn matcher(node: &Node<'_>, built_in: Option<BuiltIn<'_>>) -> Option<Matcher> {
    let methods = node.member("methods").items();
    let template = node.member("path_template");
    let matcher = Matcher {
        methods: methods.iter().filter_map(method).collect(),
        hosts: node.member("hosts").items().iter().filter_map(fqdn).collect(),
        path: exact_path(&node.member("path")),
        path_prefix: plain_path(&node.member("path_prefix")).map(|p| p.strip_suffix('/').unwrap_or(&p).into()),
        path_template: template.text().and_then(|text| {
            let parsed = Template::parse(text);
            if parsed.is_none() {
                template.error(format!(
                    "{} is not a path template; give a path in normal form with `{{name}}` for whole segments",
                    quote(text)
                ));
            }
            warn_of_wildcard(&template, text);
            parsed
        }),
        api: api(&node.member("api"), built_in.map(|built_in| built_in.role)).map(Box::from),
    };
    if let Some(why) = never_matches(&matcher, built_in) {
        node.error(format!("{why}, so no request could match it; mend one of them"));
    }
    Some(matcher)
}

/// Why no request can have all that is asked of it.
fn never_matches(matcher: &Matcher, built_in: Option<BuiltIn<'_>>) -> Option<&'static str> {
    let below = |path: &str, prefix: &str| {
        path.strip_prefix(prefix).is_some_and(|r| r.is_empty() || r.starts_with('/'))
    };
    let (path, prefix, template) =
        (matcher.path.as_deref(), matcher.path_prefix.as_deref(), matcher.path_template.as_ref());
    if path.zip(prefix).is_some_and(|(path, prefix)| !below(path, prefix)) {
        return Some("\"path\" is not below \"path_prefix\"");
    }
    if path.zip(template).is_some_and(|(path, template)| !template.matches(path.as_bytes())) {
        return Some("\"path\" is not of the form of \"path_template\"");
    }
    if template.zip(prefix).is_some_and(|(template, prefix)| !template.meets(prefix)) {
        return Some("\"path_template\" is not below \"path_prefix\"");
    }
    let BuiltIn { role, api_root } = built_in?;
    let example = template.filter(|_| path.is_none()).map(Template::example);
    let near = |method: &str, example: &str| {
        let (method, example) = (method.as_bytes(), example.as_bytes());
        operations::find(role, api_root, method, example).is_none()
            && operations::is_near_miss(role, api_root, Method::of(method, false), example)
    };
    // GET is no operation's method: what is a near miss by it is one by any.
    let any = ["GET".into()];
    let methods: &[Box<str>] = if matcher.methods.is_empty() { &any } else { &matcher.methods };
    if example.is_some_and(|example| methods.iter().all(|method| near(method, &example))) {
        return Some(
            "lenient servers take such requests for a built-in operation, and only a rule with \"path\" takes them",
        );
    }
    let api = matcher.api.as_ref()?;
    let own = || OPERATIONS.iter().filter(|op| op.role == role && *op.api == **api);
    let by_method =
        || own().filter(|op| matcher.methods.is_empty() || matcher.methods.iter().any(|m| **m == *op.method));
    if own().next().is_some() && by_method().next().is_none() {
        return Some("no operation of the \"api\" has one of the \"methods\"");
    }
    let fits = |op: &Operation| {
        let own = Template::parse(&op.path(api_root));
        own.is_none_or(|own| {
            path.is_none_or(|path| own.matches(path.as_bytes()))
                && prefix.is_none_or(|prefix| own.meets(prefix))
                && template.is_none_or(|template| own.overlaps(template))
        })
    };
    (own().next().is_some() && !by_method().any(fits))
        .then_some("no operation of the \"api\" has such a path")
}

fn method(node: &Node<'_>) -> Option<Box<str>> {
    let text = node.text()?;
    let good = text.bytes().all(|b| b.is_ascii_uppercase() || b == b'-');
    if !good {
        node.error(format!("{} is not a method; give one in capitals, such as \"POST\"", quote(text)));
    } else if !METHODS.contains(&text) {
        node.warn(format!(
            "{} is a method of neither RFC 9110 nor RFC 5789; is it spelled right?",
            quote(text)
        ));
    }
    good.then(|| text.into())
}

/// A path that is compared whole, in its one spelling.
fn exact_path(node: &Node<'_>) -> Option<Box<str>> {
    let path = plain_path(node)?;
    if node.text()?.contains(['{', '}']) {
        node.error(format!(
            "{} would match only a path with these very braces; give \"path_template\" for segments that may be anything",
            quote(node.text()?)
        ));
    }
    Some(path)
}

fn plain_path(node: &Node<'_>) -> Option<Box<str>> {
    let text = node.text()?;
    let good = !text.contains('?') && path::is_normal(text.as_bytes());
    if !good {
        node.error(format!(
            "{} is not a path in normal form, so no request could match it; give a path such as \"/healthz\"",
            quote(text)
        ));
    }
    warn_of_wildcard(node, text);
    good.then(|| path::text_in_one_spelling(text))
}

/// A `*` is a character like others, which some would write for a wildcard.
fn warn_of_wildcard(node: &Node<'_>, text: &str) {
    if text.contains('*') {
        node.warn(format!(
            "the `*` in {} stands for itself; give \"path_prefix\" for a tree of paths, \"path_template\" with `{{name}}` for a segment",
            quote(text)
        ));
    }
}

fn api<'a>(node: &Node<'a>, role: Option<Role>) -> Option<&'a str> {
    let text = node.text()?;
    let known = operations::apis(role?);
    if !known.contains(&text) {
        let known: Vec<String> = known.iter().map(|api| format!("\"{api}\"")).collect();
        node.error(format!(
            "{} has no built-in operations for this role; use {}",
            quote(text),
            known.join(", ")
        ));
    }
    Some(text)
}
