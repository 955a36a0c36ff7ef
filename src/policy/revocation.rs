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

    /// Why a token is revoked, if it is. A token that cannot be told apart from a revoked one is revoked.
    pub fn finds(&self, token: &Revocable<'_>) -> Option<&'static str> {
        if !self.token_ids.0.is_empty() && token.token_id.is_none_or(|id| self.token_ids.has(id)) {
            return Some("`jti` is in `revoked.token_ids`, or absent");
        }
        if self.eec_ids.has(token.eec_id) {
            return Some("the EEC ID is in `revoked.eec_ids`");
        }
        if token.key_ids.iter().flatten().any(|id| self.key_ids.has(id)) {
            return Some("the key that verified the token is in `revoked.key_ids`");
        }
        let early = |limit: UnixTime| token.issued_at.is_none_or(|issued| issued < limit.seconds());
        if self.issued_before.is_some_and(early) {
            return Some("`iat` is before `revoked.issued_before`, or absent");
        }
        None
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
