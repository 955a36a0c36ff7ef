//! The keys of one entitlement server, and how a token picks one.

use super::public_key::PublicKey;
use super::tables::TableStore;
use crate::decision::{Check, Denial, DenyReason, Trace};
use crate::time::UnixTime;

/// When a key may be used: `not_before` <= now < `not_after`, without skew. A missing end is open.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Window {
    /// The first moment.
    pub not_before: Option<UnixTime>,
    /// The moment from which it is over.
    pub not_after: Option<UnixTime>,
}

impl Window {
    /// Whether `now` lies in it.
    pub fn contains(&self, now: UnixTime) -> bool {
        self.not_before.is_none_or(|start| start <= now) && self.not_after.is_none_or(|end| now < end)
    }

    /// The time that lies in both.
    pub fn narrowed_by(&self, other: &Window) -> Window {
        let later = |a: UnixTime, b: UnixTime| if a < b { b } else { a };
        let earlier = |a: UnixTime, b: UnixTime| if b < a { b } else { a };
        Window {
            not_before: combine(self.not_before, other.not_before, later),
            not_after: combine(self.not_after, other.not_after, earlier),
        }
    }

    /// Whether no moment lies in it: the end is not after the start.
    pub fn is_empty(&self) -> bool {
        matches!((self.not_before, self.not_after), (Some(start), Some(end)) if end <= start)
    }
}

fn combine(
    a: Option<UnixTime>,
    b: Option<UnixTime>,
    pick: impl Fn(UnixTime, UnixTime) -> UnixTime,
) -> Option<UnixTime> {
    match (a, b) {
        (Some(a), Some(b)) => Some(pick(a, b)),
        (one, other) => one.or(other),
    }
}

/// A key that the operator has pinned for an entitlement server, or that was fetched from where the operator has said.
#[derive(Debug, Clone)]
pub struct PinnedKey {
    /// The key.
    pub key: PublicKey,
    /// The name that a token's `kid` must have; a key without fits no `kid`.
    pub kid: Option<Box<str>>,
    /// The base64url SHA-256 of the key's certificate (RFC 7515, section 4.1.8); `None` if none is known.
    pub x5t_s256: Option<Box<str>>,
    /// When the key may be used: the configured window and the certificate's dates.
    pub window: Window,
    /// What is known of a key that was fetched; `None` for one that stands in the configuration.
    pub fetched: Option<Fetched>,
}

/// What is known of a key that was fetched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fetched {
    /// This worker's number of the key; a key that is fetched again keeps it.
    pub number: u64,
    /// The moment from which the set that it came in is not used any more.
    pub until: UnixTime,
}

/// What a token's header says about its key.
#[derive(Debug, Clone, Copy)]
pub struct KeyHint<'a> {
    /// `alg`
    pub alg: &'a str,
    /// `kid`
    pub kid: Option<&'a str>,
    /// `x5t#S256`
    pub x5t_s256: Option<&'a str>,
}

impl KeyHint<'_> {
    /// Whether it names a key.
    pub fn names_a_key(&self) -> bool {
        self.kid.is_some() || self.x5t_s256.is_some()
    }

    /// The names, for people.
    fn described(&self) -> String {
        let named =
            |name, value: Option<&str>| value.map(|value| format!(", {name} {value}")).unwrap_or_default();
        format!("alg {}{}{}", self.alg, named("kid", self.kid), named("x5t#S256", self.x5t_s256))
    }
}

/// The pinned keys of one entitlement server.
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    keys: Vec<PinnedKey>,
}

impl KeySet {
    /// A set of `keys`. That no `kid` stands twice is checked where the configuration is compiled, which
    /// can name the two.
    pub fn new(keys: Vec<PinnedKey>) -> KeySet {
        KeySet { keys }
    }

    /// The keys, in the order of the configuration.
    pub fn keys(&self) -> &[PinnedKey] {
        &self.keys
    }

    /// Lets the keys have tables of `store`, as [`PublicKey::prepare`] says.
    pub fn prepare(&self, store: &TableStore) {
        self.keys.iter().for_each(|key| key.key.prepare(store));
    }

    /// All names that a key of the set can be called by.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().flat_map(PinnedKey::names)
    }

    /// Whether each name in `hint` is that of a key here.
    pub fn knows(&self, hint: &KeyHint<'_>) -> bool {
        let by_kid = KeyHint { x5t_s256: None, ..*hint };
        let by_certificate = KeyHint { kid: None, ..*hint };
        [by_kid, by_certificate].iter().all(|named| self.keys.iter().any(|key| key.fits(named)))
    }

    /// The one key that a token with `hint` is to be verified with at `now`.
    ///
    /// With `kid` or `x5t#S256`: the key of that name. With neither: the only usable key of the algorithm,
    /// since trying one key after the other would let a token choose among them.
    ///
    /// # Errors
    ///
    /// `algorithm_not_allowed`, `key_unknown`, `key_not_valid_now`.
    pub fn select(&self, hint: &KeyHint<'_>, now: UnixTime, trace: &mut Trace) -> Result<&PinnedKey, Denial> {
        for check in [Check::Algorithm, Check::Key, Check::KeyDates] {
            trace.note(check, || (self.described(now), hint.described()));
        }
        self.check_algorithm(hint)?;
        let mut fitting =
            self.keys.iter().filter(|key| key.has_algorithm(hint.alg) && key.fits(hint)).peekable();
        if fitting.peek().is_none() {
            return Err(Denial::new(
                DenyReason::KeyUnknown,
                "no pinned key has the kid and x5t#S256 of the token",
            ));
        }
        let mut usable = fitting.filter(|key| key.window.contains(now));
        let Some(key) = usable.next() else {
            return Err(Denial::new(DenyReason::KeyNotValidNow, "the key is outside its dates"));
        };
        if !hint.names_a_key() && usable.next().is_some() {
            return Err(Denial::new(
                DenyReason::KeyUnknown,
                "the token names no key, and several pinned keys have its algorithm",
            ));
        }
        Ok(key)
    }

    /// The keys, for people.
    fn described(&self, now: UnixTime) -> String {
        let keys = self.keys.iter().map(|key| {
            let kid = key.kid.as_deref().unwrap_or("(no kid)");
            let dates = match (key.window.not_before, key.window.not_after) {
                (Some(start), _) if now < start => format!(", not before {start}"),
                (_, Some(end)) if end <= now => format!(", over since {end}"),
                _ => String::new(),
            };
            format!("{kid} {}{dates}", key.key.algorithm().name())
        });
        keys.collect::<Vec<_>>().join("; ")
    }

    /// Some key must have the token's `alg`, and each key that the token names.
    fn check_algorithm(&self, hint: &KeyHint<'_>) -> Result<(), Denial> {
        let denied = |because| Err(Denial::new(DenyReason::AlgorithmNotAllowed, because));
        if !self.keys.iter().any(|key| key.has_algorithm(hint.alg)) {
            return denied("no pinned key of this issuer has the alg of the token");
        }
        let by_kid = KeyHint { x5t_s256: None, ..*hint };
        let by_certificate = KeyHint { kid: None, ..*hint };
        for named in [by_kid, by_certificate] {
            let mut keys = self.keys.iter().filter(|key| key.fits(&named)).peekable();
            if keys.peek().is_some() && !keys.any(|key| key.has_algorithm(hint.alg)) {
                return denied("the key that the token names has another alg");
            }
        }
        Ok(())
    }
}

impl PinnedKey {
    /// What revocation can name it by: `kid`, thumbprint and `x5t#S256`, as far as it has them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        [self.kid.as_deref(), Some(self.key.thumbprint()), self.x5t_s256.as_deref()].into_iter().flatten()
    }

    /// Whether a token that names one of them by `kid` could mean the other: a token names its algorithm too.
    pub fn is_namesake_of(&self, other: &PinnedKey) -> bool {
        self.kid.is_some() && self.kid == other.kid && self.key.algorithm() == other.key.algorithm()
    }

    fn has_algorithm(&self, alg: &str) -> bool {
        self.key.algorithm().is_named(alg)
    }

    /// Whether the key has the names that the token gives it.
    fn fits(&self, hint: &KeyHint<'_>) -> bool {
        hint.kid.is_none_or(|kid| self.kid.as_deref() == Some(kid))
            && hint.x5t_s256.is_none_or(|x5t| self.x5t_s256.as_deref() == Some(x5t))
    }
}
