//! Why an entitlement server has given no answer (`docs/contract.md#statistics`).

use crate::counter::Counter;
use std::fmt;

/// Why a question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// None came in time.
    Timeout,
    /// There is no connection, or the answer broke off.
    Connect,
    /// The cluster is unknown, has no endpoint, or takes no more: Envoy does not tell which.
    Cluster,
    /// The answer has a status that says nothing about a token.
    Status(u16),
    /// The answer is not what the protocol says.
    Unreadable,
    /// The filter's own credentials were refused.
    Credentials,
    /// Too many requests wait already: our own bounds.
    Overload,
}

impl Cause {
    /// What is counted, beside `online.unavailable`.
    pub fn counter(self) -> Counter {
        match self {
            Cause::Timeout => Counter::UnavailableTimeout,
            Cause::Connect => Counter::UnavailableConnect,
            Cause::Cluster => Counter::UnavailableCluster,
            Cause::Status(_) => Counter::UnavailableStatus,
            Cause::Unreadable => Counter::UnavailableUnreadable,
            Cause::Credentials => Counter::UnavailableCredentials,
            Cause::Overload => Counter::UnavailableOverload,
        }
    }

    /// The same for whoever reads why a request was denied.
    pub fn because(self) -> &'static str {
        match self {
            Cause::Timeout => "the entitlement server cannot be asked: no answer within `timeout_ms`",
            Cause::Connect => {
                "the entitlement server cannot be asked: no connection, or the answer broke off"
            }
            Cause::Cluster => "the entitlement server cannot be asked: its cluster cannot be called",
            Cause::Status(_) => {
                "the entitlement server cannot be asked: a status that says nothing about a token"
            }
            Cause::Unreadable => {
                "the entitlement server cannot be asked: the answer is not what the protocol says"
            }
            Cause::Credentials => {
                "the entitlement server cannot be asked: it refused the filter's own credentials"
            }
            Cause::Overload => "too many requests wait for entitlement servers",
        }
    }

    /// Why nothing came from the server itself, if the proxy made the answer: its own have no upstream's time.
    pub fn of_proxy(status: Option<u16>) -> Cause {
        match status {
            Some(504) => Cause::Timeout,
            Some(_) | None => Cause::Connect,
        }
    }
}

/// What the operator reads in the log.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Timeout => f.write_str("no answer within `timeout_ms`"),
            Cause::Connect => f.write_str("no connection to the server, or the answer broke off"),
            Cause::Cluster => f.write_str(
                "the cluster cannot be called: it is not known to Envoy, has no endpoint, or its circuit breaker is open",
            ),
            Cause::Status(status) => write!(f, "the status {status} says nothing about a token"),
            Cause::Unreadable => f.write_str("the answer is not what the protocol says: JSON of at most 64 KiB"),
            Cause::Credentials => f.write_str("the server refused the filter's own credentials"),
            Cause::Overload => f.write_str("too many requests wait for entitlement servers"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_reads_each_cause_in_other_words() {
        let causes = [
            Cause::Timeout,
            Cause::Connect,
            Cause::Cluster,
            Cause::Status(418),
            Cause::Unreadable,
            Cause::Credentials,
            Cause::Overload,
        ];
        let texts = causes.map(|cause| cause.to_string());
        assert_eq!(texts.iter().collect::<std::collections::BTreeSet<_>>().len(), causes.len());
        assert!(texts.iter().all(|text| text.len() > 20), "{texts:?}");
        assert!(texts[3].contains("418"));
    }
}
