//! What is measured: the gauges of `docs/contract.md#statistics`, one row each, without the host's handles.

macro_rules! gauges {
    ($($variant:ident { $($number:ident),* }, $name:literal, $doc:literal;)*) => {
        /// What is measured; of several of a kind each has its numbers, as in the configuration.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum Gauge {
            $(#[doc = $doc] $variant { $($number: usize),* },)*
        }

        impl Gauge {
            /// One of each row.
            pub const ONE_OF_EACH: &'static [Gauge] = &[$(Gauge::$variant { $($number: 0),* },)*];

            /// Its name below `eec_authn.`.
            pub fn name(self) -> String {
                match self {
                    $(Gauge::$variant { $($number),* } => format!($name),)*
                }
            }
        }
    };
}

gauges! {
    OnlineWaiting {}, "online.waiting", "Requests that wait for an answer of an entitlement server.";
    ConfigGeneration {}, "config.generation", "Which configuration is in force.";
    KeyValidDays { server, key }, "key_valid_days.{server}_{key}", "Days that a key with an end date has left.";
    JwksKeys { server }, "jwks.keys.{server}", "Fetched keys of an entitlement server.";
    JwksAgeSeconds { server }, "jwks.age_seconds.{server}", "How old the set is that they came in.";
}
