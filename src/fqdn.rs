//! FQDNs and how `iss`, `aud` and `:authority` name them.

/// A configured host name, in lower case and without a trailing dot.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fqdn(Box<str>);

impl Fqdn {
    /// Parses a configured name: letters, digits and hyphens in labels of 1 to 63, at most 253 in all; one
    /// trailing dot is ignored. An IPv4 address is no name: its last label has only digits.
    ///
    /// ```
    /// use eec_authn::fqdn::Fqdn;
    ///
    /// let ees = Fqdn::parse("EES1.edge.example.net.").expect("a name");
    /// assert_eq!(ees.as_str(), "ees1.edge.example.net");
    /// assert!(ees.is_named_by("https://ees1.edge.example.net/"));
    /// assert!(!ees.is_named_by("https://ees1.edge.example.net:443"));
    /// assert!(ees.is_authority(b"ees1.edge.example.net:443"));
    /// assert_eq!(Fqdn::parse("192.0.2.1"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Fqdn> {
        let name = text.strip_suffix('.').unwrap_or(text);
        let label = |l: &str| {
            (1..=63).contains(&l.len())
                && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !l.starts_with('-')
                && !l.ends_with('-')
        };
        let last_is_number = name.rsplit('.').next().is_some_and(|l| l.bytes().all(|b| b.is_ascii_digit()));
        let good = name.len() <= 253 && name.split('.').all(label) && !last_is_number;
        good.then(|| Fqdn(name.to_ascii_lowercase().into()))
    }

    /// The name, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `text` is this host name: ASCII case and one trailing dot ignored.
    pub fn is(&self, text: &[u8]) -> bool {
        let (text, own) = (text.strip_suffix(b".").unwrap_or(text), self.0.as_bytes());
        // Nearly everybody writes it in lower case, and that is told at once.
        text == own || text.eq_ignore_ascii_case(own)
    }

    /// Whether `claim` names this host as `iss` and `aud` do: bare, or as `https://FQDN` with at most one
    /// trailing slash. No port, no path, no user.
    pub fn is_named_by(&self, claim: &str) -> bool {
        self.is(host_part(claim).as_bytes())
    }

    /// Whether an `:authority` is this host, at whatever port.
    pub fn is_authority(&self, authority: &[u8]) -> bool {
        self.is(without_port(authority))
    }
}

/// The host in a claim that names an FQDN.
fn host_part(claim: &str) -> &str {
    match claim.split_at_checked(8) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https://") => {
            rest.strip_suffix('/').unwrap_or(rest)
        }
        _ => claim,
    }
}

/// `authority` without `:` and digits at its end.
fn without_port(authority: &[u8]) -> &[u8] {
    if !authority.last().is_some_and(|end| *end == b':' || end.is_ascii_digit()) {
        return authority;
    }
    match authority.iter().rposition(|b| *b == b':') {
        Some(colon) => {
            let (host, port) = authority.split_at(colon);
            if port.iter().skip(1).all(u8::is_ascii_digit) { host } else { authority }
        }
        None => authority,
    }
}
