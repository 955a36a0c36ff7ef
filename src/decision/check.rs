//! The checks of the walk, one row each, in their order.

macro_rules! checks {
    ($($variant:ident, $name:literal, $clause:literal;)*) => {
        /// What is checked. Several codes may belong to one check.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Check {
            $(#[doc = $name] $variant,)*
        }

        impl Check {
            /// Every check, in the order in which the walk makes them.
            pub const ALL: &'static [Check] = &[$(Check::$variant,)*];

            /// What is checked, for people.
            pub fn name(self) -> &'static str {
                match self { $(Check::$variant => $name,)* }
            }

            /// The clause that it comes from.
            pub fn clause(self) -> &'static str {
                match self { $(Check::$variant => $clause,)* }
            }
        }
    };
}

checks! {
    Path, "path", "RFC 3986, section 6.2.2";
    Connection, "connection header", "RFC 9110, section 7.6.1";
    Route, "route", "TS 24.558";
    Host, "host", "RFC 9110, section 7.4";
    Credentials, "credentials", "RFC 6750, section 2";
    TokenSize, "token size", "RFC 6750, section 2.1";
    TokenForm, "token form", "RFC 7515, section 3.1";
    Issuer, "issuer", "RFC 7519, section 4.1.1";
    Algorithm, "algorithm", "RFC 8725, section 3.1";
    Key, "key", "RFC 7515, section 4.1.4";
    KeyDates, "key dates", "RFC 5280, section 4.1.2.5";
    Signature, "signature", "RFC 7515, section 5.2";
    Expiry, "expiry", "RFC 7519, section 4.1.4";
    NotBefore, "not before", "RFC 7519, section 4.1.5";
    Lifetime, "lifetime", "RFC 7519, section 4.1.6";
    Audience, "audience", "RFC 7519, section 4.1.3";
    Claims, "claims", "TR 33.739, clause 6.25";
    Confirmation, "confirmation", "RFC 7800, section 3.1";
    Proof, "proof of possession", "RFC 9449, section 4.3";
    ProofNonce, "nonce of the proof", "RFC 9449, section 9";
    Replay, "replay of the proof", "RFC 9449, section 11.1";
    Revocation, "revocation", "RFC 7519, section 4.1.7";
    Introspection, "entitlement server's word", "RFC 7662, section 2.2";
    RuleClaims, "claims of the rule", "RFC 6750, section 3.1";
    Ownership, "ownership", "TS 33.558, clause 6.3";
    Body, "body", "TS 24.558";
    MediaType, "media type", "RFC 8259, section 11";
    BodySize, "body size", "RFC 9110, section 15.5.14";
    BodyForm, "body form", "RFC 8259";
    Binding, "identity binding", "TR 33.739, clause 6.25";
}
