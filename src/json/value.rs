//! A parsed JSON text and ways into it.

/// One JSON value. Object members keep their order; the parser has made sure that names are unique.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it was written.
    Number(Box<str>),
    /// A string, unescaped.
    String(Box<str>),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Vec<(Box<str>, Json)>),
}

impl Json {
    /// The member called `name`, if this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().find(|(n, _)| &**n == name).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// The items of an array.
    pub fn as_array(&self) -> Option<&[Json]> {
        match self {
            Json::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The members of an object.
    pub fn as_object(&self) -> Option<&[(Box<str>, Json)]> {
        match self {
            Json::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The value of a number, if it is finite as a double.
    pub fn as_finite(&self) -> Option<f64> {
        match self {
            // Every date of a token: up to 15 digits are exact as a double, and cheaper than a float to read.
            Json::Number(text) if text.len() <= 15 && text.bytes().all(|b| b.is_ascii_digit()) => {
                text.parse::<u64>().ok().map(|n| n as f64)
            }
            Json::Number(text) => text.parse::<f64>().ok().filter(|n| n.is_finite()),
            _ => None,
        }
    }

    /// A string, or an array of nothing but strings, as a list.
    pub fn as_strings(&self) -> Option<Vec<&str>> {
        match self {
            Json::String(text) => Some(vec![text]),
            Json::Array(items) => items.iter().map(Json::as_str).collect(),
            _ => None,
        }
    }

    /// What kind of value this is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "a boolean",
            Json::Number(_) => "a number",
            Json::String(_) => "a string",
            Json::Array(_) => "an array",
            Json::Object(_) => "an object",
        }
    }
}

/// A JSON pointer (RFC 6901), parsed once and followed often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    text: Box<str>,
    tokens: Vec<Box<str>>,
}

/// Where a [`Pointer`] led.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step<'a> {
    /// To this value.
    Found(&'a Json),
    /// Nowhere: a member on the way is absent, or not in something that has members.
    Absent,
    /// Nowhere, but an object on the way has a name that differs from the wanted one in case only:
    /// a server that folds case would have found it.
    OnlyByCase,
}

impl Pointer {
    /// Parses `text`: empty, or `/` before each reference token; `~` only as `~0` or `~1`.
    pub fn parse(text: &str) -> Option<Pointer> {
        let mut tokens = Vec::new();
        if !text.is_empty() {
            for token in text.strip_prefix('/')?.split('/') {
                if token.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1'])) {
                    return None;
                }
                tokens.push(token.replace("~1", "/").replace("~0", "~").into_boxed_str());
            }
        }
        Some(Pointer { text: text.into(), tokens })
    }

    /// A pointer to the top-level member `name`, whatever characters it has.
    pub fn to_member(name: &str) -> Pointer {
        let text = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        Pointer { text: text.into(), tokens: vec![name.into()] }
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

    /// Whether it points to the claim `iss` (RFC 7519, section 4.1.1).
    pub fn is_issuer(&self) -> bool {
        &*self.text == "/iss"
    }

    /// Follows the pointer, exactly; names in another case mean nothing.
    pub fn resolve<'a>(&self, root: &'a Json) -> Option<&'a Json> {
        self.tokens.iter().try_fold(root, |at, token| next(at, token))
    }

    /// Follows the pointer and tells apart what is absent from what is there in another case.
    pub fn walk<'a>(&self, root: &'a Json) -> Step<'a> {
        let mut at = root;
        for token in &self.tokens {
            // A folded twin beside the exact name is as dangerous as one instead of it.
            let twin = |(name, _): &(Box<str>, Json)| name != token && folds_to(name, token);
            if at.as_object().is_some_and(|members| members.iter().any(twin)) {
                return Step::OnlyByCase;
            }
            match next(at, token) {
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

/// Whether `name` equals `wanted` once case is folded. `ſ` and `K` (Kelvin) fold to ASCII letters too.
fn folds_to(name: &str, wanted: &str) -> bool {
    name.eq_ignore_ascii_case(wanted) || (!name.is_ascii() && fold(name).eq(fold(wanted)))
}

fn fold(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

fn array_index(token: &str) -> Option<usize> {
    let canonical = token == "0" || (!token.starts_with('0') && token.bytes().all(|b| b.is_ascii_digit()));
    if canonical { token.parse().ok() } else { None }
}
