//! JSON pointers (RFC 6901): the way to a place in a parsed text, and what other readers would take for it.

use super::Json;
use super::look_alike::Name;

/// A JSON pointer (RFC 6901), parsed once and followed often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    text: Box<str>,
    tokens: Vec<Name>,
}

/// Where a [`Pointer`] led.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step<'a> {
    /// To this value.
    Found(&'a Json),
    /// Nowhere: a member on the way is absent, or not in something that has members.
    Absent,
    /// Nowhere that is certain: an object on the way has a name that some reader would take for the wanted one.
    LookAlike,
}

impl Pointer {
    /// Parses `text`: empty, or `/` before each reference token; `~` only as `~0` or `~1`.
    ///
    /// ```
    /// use eec_authn::json::{self, Pointer};
    ///
    /// let body = json::parse(br#"{"requestorId": {"eecId": "eec-1"}}"#)?;
    /// let pointer = Pointer::parse("/requestorId/eecId").expect("a pointer");
    /// assert_eq!(pointer.resolve(&body).and_then(|id| id.as_str()), Some("eec-1"));
    /// assert_eq!(Pointer::parse("eecId"), None);
    /// # Ok::<(), json::SyntaxError>(())
    /// ```
    pub fn parse(text: &str) -> Option<Pointer> {
        let mut tokens = Vec::new();
        if !text.is_empty() {
            for token in text.strip_prefix('/')?.split('/') {
                if token.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1'])) {
                    return None;
                }
                tokens.push(Name::new(&token.replace("~1", "/").replace("~0", "~")));
            }
        }
        Some(Pointer { text: text.into(), tokens })
    }

    /// A pointer to the top-level member `name`, whatever characters it has.
    pub fn to_member(name: &str) -> Pointer {
        let text = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        Pointer { text: text.into(), tokens: vec![Name::new(name)] }
    }

    /// This pointer with one more step, to the member `name`.
    pub fn then(mut self, name: &str) -> Pointer {
        let step = Pointer::to_member(name);
        self.text = format!("{}{}", self.text, step.text).into();
        self.tokens.extend(step.tokens);
        self
    }

    /// The pointer as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The pointer as people write it where it names a claim: a member of the token by its name alone.
    pub fn as_claim(&self) -> &str {
        self.text.strip_prefix('/').filter(|name| !name.contains(['/', '~'])).unwrap_or(&self.text)
    }

    /// Whether it points to the claim `iss` (RFC 7519, section 4.1.1).
    pub fn is_issuer(&self) -> bool {
        &*self.text == "/iss"
    }

    /// Whether some reader takes a parameter of this name for what the pointer leads to, or for a part of the way: `eecId`, and
    /// `requestorId[eecId]` as well.
    pub fn is_named_by(&self, parameter: &str) -> bool {
        let Some(first) = self.tokens.first() else { return false };
        let head = parameter.split(['[', '.']).next().unwrap_or_default();
        [parameter, head].into_iter().any(|name| name == first.as_str() || first.is_look_alike(name))
            || Name::is_way_over(&self.tokens, parameter)
    }

    /// Follows the pointer, exactly; names in another case mean nothing.
    pub fn resolve<'a>(&self, root: &'a Json) -> Option<&'a Json> {
        self.tokens.iter().try_fold(root, |at, token| next(at, token.as_str()))
    }

    /// Follows the pointer and tells apart what is absent from what another reader would find.
    pub fn walk<'a>(&self, root: &'a Json) -> Step<'a> {
        let mut at = root;
        for (number, token) in self.tokens.iter().enumerate() {
            // Beside the exact name a look-alike is as dangerous as instead of it.
            let mut names = at.as_object().unwrap_or_default().iter().map(|(name, _)| &**name);
            let ahead = self.tokens.get(number..).unwrap_or_default();
            let over_several = |name: &str| {
                (2..=ahead.len()).any(|end| Name::is_way_over(ahead.get(..end).unwrap_or_default(), name))
            };
            // Node.js sets an object's prototype by the last of these names, and finds there what the object itself lacks.
            if names.any(|name| token.is_look_alike(name) || over_several(name) || name == "__proto__") {
                return Step::LookAlike;
            }
            match next(at, token.as_str()) {
                Some(value) => at = value,
                None => return Step::Absent,
            }
        }
        Step::Found(at)
    }
}

/// One step of a pointer.
fn next<'a>(at: &'a Json, token: &str) -> Option<&'a Json> {
    match at {
        Json::Object(_) => at.get(token),
        Json::Array(items) => array_index(token).and_then(|i| items.get(i)),
        _ => None,
    }
}

fn array_index(token: &str) -> Option<usize> {
    let canonical = token == "0" || (!token.starts_with('0') && token.bytes().all(|b| b.is_ascii_digit()));
    if canonical { token.parse().ok() } else { None }
}
