//! What is measured: the gauges of `docs/contract.md#statistics`, one row each, without the host's handles.

macro_rules! gauges {
    ($($variant:ident { $($number:ident),* }, $name:literal, $doc:literal;)*) => {
        /// What is measured; of several of a kind each has its numbers, as in the configuration.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs)]
        pub enum Gauge {
            $(#[doc = $doc] $variant { $($number: usize),* },)*
        }

        /// The rows as numbers, in their order.
        enum Row {
            $($variant,)*
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

            /// Its row, and its numbers.
            fn numbers(self) -> Vec<usize> {
                match self {
                    $(Gauge::$variant { $($number),* } => vec![Row::$variant as usize, $($number),*],)*
                }
            }

            fn of_numbers(numbers: &[usize]) -> Option<Gauge> {
                $(if let [row, $($number),*] = *numbers && row == Row::$variant as usize {
                    return Some(Gauge::$variant { $($number),* });
                })*
                None
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

impl Gauge {
    /// As a word for other workers with this module.
    pub fn to_word(self) -> String {
        let numbers: Vec<String> = self.numbers().iter().map(usize::to_string).collect();
        numbers.join(".")
    }

    /// What was written so; `None` for anything else.
    pub fn of_word(word: &str) -> Option<Gauge> {
        let numbers: Option<Vec<usize>> = word.split('.').map(|number| number.parse().ok()).collect();
        Gauge::of_numbers(&numbers?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_gauge_is_known_by_its_word_and_by_no_other() {
        let more = [Gauge::KeyValidDays { server: 3, key: 14 }, Gauge::JwksKeys { server: 7 }];
        for gauge in Gauge::ONE_OF_EACH.iter().chain(&more) {
            assert_eq!(Gauge::of_word(&gauge.to_word()), Some(*gauge));
        }
        for word in ["", ".", "99", "0.0", "2.1", "2.1.2.3", "3", "3.-1", "x", "3.99999999999999999999"] {
            assert_eq!(Gauge::of_word(word), None, "{word}");
        }
    }
}
