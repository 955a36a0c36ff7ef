//! What the operator has revoked by configuration.

use crate::time::UnixTime;

/// Revoked tokens, clients and keys; each list is sorted, so that 100,000 entries cost a few comparisons.
#[derive(Debug, Default)]
pub struct Revocation {
    token_ids: SortedTexts,
    eec_ids: SortedTexts,
    key_ids: SortedTexts,
    issued_before: Option<UnixTime>,
}

/// What revocation looks at.
#[derive(Debug, Clone, Copy)]
pub struct Revocable<'a> {
    /// `jti`
    pub token_id: Option<&'a str>,
    /// The EEC ID claim.
    pub eec_id: &'a str,
    /// The names of the key that verified the token: configured `kid`, thumbprint, `x5t#S256`.
    pub key_ids: [Option<&'a str>; 3],
    /// `iat`, in seconds.
    pub issued_at: Option<f64>,
}

impl Revocation {
    /// Compiles the lists.
    pub fn new(
        token_ids: Vec<Box<str>>,
        eec_ids: Vec<Box<str>>,
        key_ids: Vec<Box<str>>,
        issued_before: Option<UnixTime>,
    ) -> Revocation {
        Revocation {
            token_ids: SortedTexts::new(token_ids),
            eec_ids: SortedTexts::new(eec_ids),
            key_ids: SortedTexts::new(key_ids),
            issued_before,
        }
    }

    /// The names of revoked keys.
    pub fn key_ids(&self) -> impl Iterator<Item = &str> {
        self.key_ids.0.iter().map(|id| &**id)
    }

    /// Whether tokens are revoked by their `jti`, so that each must have one.
    pub fn needs_token_id(&self) -> bool {
        !self.token_ids.0.is_empty()
    }

    /// The moment before which no token may have been issued.
    pub fn issued_before(&self) -> Option<UnixTime> {
        self.issued_before
    }

    /// Why a token is revoked, if it is. A token that cannot be told apart from a revoked one is revoked.
    pub fn finds(&self, token: &Revocable<'_>) -> Option<&'static str> {
        match token.token_id {
            Some(id) if self.token_ids.has(id) => return Some("`jti` is in `revoked.token_ids`"),
            None if self.needs_token_id() => {
                return Some(
                    "the token has no `jti`, so it cannot be told from those in `revoked.token_ids`",
                );
            }
            Some(_) | None => {}
        }
        if self.eec_ids.has(token.eec_id) {
            return Some("the EEC ID is in `revoked.eec_ids`");
        }
        if token.key_ids.iter().flatten().any(|id| self.key_ids.has(id)) {
            return Some("the key that verified the token is in `revoked.key_ids`");
        }
        match (self.issued_before, token.issued_at) {
            (Some(limit), Some(issued)) if issued < limit.seconds() => {
                Some("`iat` is before `revoked.issued_before`")
            }
            (Some(_), None) => Some("the token has no `iat` to hold against `revoked.issued_before`"),
            (Some(_), Some(_)) | (None, _) => None,
        }
    }
}

#[derive(Debug, Default)]
struct SortedTexts(Vec<Box<str>>);

impl SortedTexts {
    fn new(mut texts: Vec<Box<str>>) -> SortedTexts {
        texts.sort_unstable();
        texts.dedup();
        SortedTexts(texts)
    }

    fn has(&self, text: &str) -> bool {
        self.0.binary_search_by(|own| (**own).cmp(text)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<Box<str>> {
        texts.iter().map(|text| Box::from(*text)).collect()
    }

    fn token<'a>(token_id: Option<&'a str>, issued_at: Option<f64>) -> Revocable<'a> {
        Revocable { token_id, eec_id: "eec-1", key_ids: [Some("k"), None, None], issued_at }
    }

    #[test]
    fn a_token_without_a_jti_is_revoked_only_where_tokens_are_revoked_by_it() {
        let none = Revocation::new(vec![], texts(&["eec-2"]), texts(&["k2"]), None);
        assert!(!none.needs_token_id());
        assert_eq!(none.finds(&token(None, None)), None);

        let some = Revocation::new(texts(&["t2", "t1"]), vec![], vec![], None);
        assert!(some.needs_token_id());
        let found = |id| some.finds(&token(id, None)).is_some();
        assert_eq!([Some("t1"), Some("t2"), Some("t3"), None].map(found), [true, true, false, true]);
    }

    #[test]
    fn what_was_issued_at_the_very_moment_is_not_before_it() {
        let limit = UnixTime::new(1000.0);
        let revocation = Revocation::new(vec![], vec![], vec![], limit);
        assert_eq!(revocation.issued_before(), limit);
        let found = |iat| revocation.finds(&token(None, iat)).is_some();
        assert_eq!([Some(999.5), Some(1000.0), Some(1000.5), None].map(found), [true, false, false, true]);

        let without = Revocation::default();
        assert_eq!(without.issued_before(), None);
        assert_eq!(without.finds(&token(None, Some(0.0))), None);
    }

    #[test]
    fn clients_and_keys_are_found_under_every_name() {
        let clients = Revocation::new(vec![], texts(&["eec-2", "eec-1"]), vec![], None);
        assert!(clients.finds(&token(None, None)).is_some());
        assert_eq!(clients.finds(&Revocable { eec_id: "eec-3", ..token(None, None) }), None);

        let keys = Revocation::new(vec![], vec![], texts(&["z", "a"]), None);
        assert!(keys.key_ids().eq(["a", "z"]));
        let found = |key_ids| keys.finds(&Revocable { key_ids, ..token(None, None) }).is_some();
        assert!(found([Some("k"), Some("t"), Some("a")]));
        assert!(found([Some("z"), None, None]));
        assert!(!found([Some("k"), Some("t"), None]));
    }
}
