//! The HTTP request that asks about a token.

use crate::json::Json;
use crate::percent::push_form;
use crate::policy::online::{Method, Online, Parameters};
use std::borrow::Cow;
use std::fmt;

/// The application whose operation ValidateOperatorToken is (TS.43, 2.2).
pub(super) const TS43_APP: &str = "ap2015";

/// What every request says about the client that asks and its configuration. No version but 2.0 is known to all servers.
const TS43_CONSTANTS: [(&str, &str); 5] = [
    ("vers", "0"),
    ("entitlement_version", "2.0"),
    ("terminal_vendor", "eec"),
    ("terminal_model", "eec-authn"),
    ("terminal_sw_version", "1"),
];

/// The verb of a question: TS.43 knows both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpVerb {
    /// POST
    Post,
    /// GET, after a server has refused POST.
    Get,
}

/// A request to an entitlement server. It holds the token and maybe credentials, so it is never shown.
pub struct IntrospectionRequest<'a> {
    /// The Envoy cluster.
    pub cluster: &'a str,
    /// Headers, pseudo-headers included.
    pub headers: Vec<(&'static str, Cow<'a, str>)>,
    /// The body; empty for GET.
    pub body: String,
    /// How long to wait, in milliseconds.
    pub timeout_ms: u64,
}

impl fmt::Debug for IntrospectionRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IntrospectionRequest({}, …)", self.cluster)
    }
}

impl<'a> IntrospectionRequest<'a> {
    /// The question about `token`, by `verb` (which only TS.43 lets choose).
    pub fn new(online: &'a Online, token: &str, verb: HttpVerb) -> IntrospectionRequest<'a> {
        let mut path = Cow::Borrowed(&*online.path);
        let mut headers = Vec::with_capacity(MOST_HEADERS);
        headers.push(("accept", "application/json".into()));
        let mut body = String::new();
        match &online.method {
            Method::Rfc7662 { credentials } => {
                body = question(token);
                headers.push(("content-type", "application/x-www-form-urlencoded".into()));
                headers.extend(credentials.as_ref().map(|c| ("authorization", c.authorization().into())));
            }
            Method::Ts43 { parameters } if verb == HttpVerb::Post => {
                let members = ts43_members(parameters, token);
                body = Json::Object(members.map(|(name, value)| (name.into(), value.into())).collect())
                    .to_string();
                headers.push(("content-type", "application/json".into()));
            }
            Method::Ts43 { parameters } => {
                let path = path.to_mut();
                let mut separator = if path.contains('?') { '&' } else { '?' };
                for (name, value) in ts43_members(parameters, token) {
                    path.push(std::mem::replace(&mut separator, '&'));
                    push_form(path, name);
                    path.push('=');
                    push_form(path, value);
                }
            }
        }
        let post = matches!(online.method, Method::Rfc7662 { .. }) || verb == HttpVerb::Post;
        headers.push((":method", if post { "POST" } else { "GET" }.into()));
        headers.push((":path", path));
        headers.push((":authority", (&*online.authority).into()));
        if post {
            headers.push(("content-length", body.len().to_string().into()));
        }
        IntrospectionRequest { cluster: &online.cluster, headers, body, timeout_ms: online.timeout_ms }
    }
}

/// As many headers as a question has.
const MOST_HEADERS: usize = 7;

/// The form of RFC 7662, section 2.1.
fn question(token: &str) -> String {
    const HINT: &str = "&token_type_hint=access_token";
    const NAME: &str = "token=";
    let length = NAME.len().saturating_add(token.len()).saturating_add(HINT.len());
    let mut form = String::with_capacity(length);
    form.push_str(NAME);
    push_form(&mut form, token);
    form.push_str(HINT);
    form
}

/// The members of ValidateOperatorToken (TS.43, 14.1.6.1), with those of every request (2.2): ours are constants, which `parameters`
/// replace.
fn ts43_members<'a>(parameters: &'a Parameters, token: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let own =
        TS43_CONSTANTS.into_iter().filter(|(name, _)| parameters.iter().all(|(given, _)| **given != **name));
    let fixed = [("app", TS43_APP), ("operation", "ValidateOperatorToken"), ("operator_token", token)];
    fixed.into_iter().chain(parameters.iter().map(|(name, value)| (&**name, &**value))).chain(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_the_operator_take_the_place_of_ours() {
        let parameters: Parameters = vec![("vers".into(), "7".into()), ("x".into(), "y".into())];
        let members: Vec<_> = ts43_members(&parameters, "t").collect();
        let of = |name| {
            members.iter().filter(|(own, _)| *own == name).map(|(_, value)| *value).collect::<Vec<_>>()
        };
        assert_eq!((of("vers"), of("x")), (vec!["7"], vec!["y"]));
        assert_eq!((of("entitlement_version"), of("terminal_model")), (vec!["2.0"], vec!["eec-authn"]));
        assert_eq!((of("app"), of("operation")), (vec!["ap2015"], vec!["ValidateOperatorToken"]));
        assert_eq!((of("operator_token"), members.len()), (vec!["t"], 9));
    }

    /// Every character that RFC 6750 lets a token have, as a form has it (RFC 7662, section 2.1).
    #[test]
    fn a_token_is_asked_about_in_a_form() {
        assert_eq!(question("aZ0-._~+/="), "token=aZ0-._%7E%2B%2F%3D&token_type_hint=access_token");
    }

    #[test]
    fn a_request_shows_whom_it_asks_and_nothing_that_it_holds() {
        let request = IntrospectionRequest {
            cluster: "es",
            headers: vec![("authorization", "s3cr3t".into())],
            body: "s3cr3t".into(),
            timeout_ms: 1,
        };
        assert_eq!(format!("{request:?}"), "IntrospectionRequest(es, …)");
    }
}
