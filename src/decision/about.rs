//! What a denial is about, for the access log (`docs/contract.md#replies`).

/// The rule, and whom the token names as far as that is known. Never a GPSI: access logs are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    rule: Option<Box<str>>,
    issuer: Option<Box<str>>,
    server: Option<usize>,
    eec_id: Option<Box<str>>,
    token_id: Option<Box<str>>,
    claim: Option<Box<str>>,
}

impl About {
    /// Notes the rule that took the request.
    pub fn rule(&mut self, name: &str) {
        self.rule = Some(name.into());
    }

    /// Notes the entitlement server that the token names: its number, and the name.
    pub fn issuer(&mut self, number: usize, issuer: &str) {
        self.server = Some(number);
        self.issuer = Some(issuer.into());
    }

    /// The number of that server.
    pub fn server(&self) -> Option<usize> {
        self.server
    }

    /// Notes whom a token speaks for that somebody has vouched for.
    pub fn client(&mut self, eec_id: Option<&str>, token_id: Option<&str>) {
        self.eec_id = eec_id.map(Box::from);
        self.token_id = token_id.map(Box::from);
    }

    /// Notes the place of the claim that a rule asks for in vain.
    pub fn claim(&mut self, place: &str) {
        self.claim = Some(place.into());
    }

    /// That place, as the operator wrote it.
    pub fn claim_asked_for(&self) -> Option<&str> {
        self.claim.as_deref()
    }

    /// Names and values for the log; what is not visible ASCII could forge a line of it.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = [
            ("rule", &self.rule),
            ("issuer", &self.issuer),
            ("eec_id", &self.eec_id),
            ("token_id", &self.token_id),
        ];
        let fields = fields.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        fields.filter(|(_, value)| value.bytes().all(|b| b.is_ascii_graphic()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_told_but_a_claim_not_among_the_fields() {
        let mut about = About::default();
        assert_eq!((about.server(), about.claim_asked_for(), about.fields().count()), (None, None, 0));
        about.rule("widgets");
        about.issuer(7, "es.example.net");
        about.client(Some("eec-1"), Some("t-1"));
        about.claim("/roles/0");
        assert_eq!((about.server(), about.claim_asked_for()), (Some(7), Some("/roles/0")));
        let fields =
            [("rule", "widgets"), ("issuer", "es.example.net"), ("eec_id", "eec-1"), ("token_id", "t-1")];
        assert_eq!(about.fields().collect::<Vec<_>>(), fields);
    }

    #[test]
    fn what_could_forge_a_line_of_the_log_is_no_field() {
        let mut about = About::default();
        about.rule("a b");
        about.client(Some("eec\n1"), Some("ü"));
        assert_eq!(about.fields().next(), None);
    }
}
