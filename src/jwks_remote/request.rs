//! The HTTP request that fetches a key set.

use super::answer::Form;
use crate::policy::JwksRemote;

/// A request for a key set. There is no secret in it.
#[derive(Debug)]
pub struct FetchRequest<'a> {
    /// The Envoy cluster.
    pub cluster: &'a str,
    /// Headers, pseudo-headers included.
    pub headers: [(&'static str, &'a str); 4],
    /// How long to wait, in milliseconds.
    pub timeout_ms: u64,
}

impl FetchRequest<'_> {
    /// The request for the set of `remote`.
    pub fn new(remote: &JwksRemote) -> FetchRequest<'_> {
        let headers = [
            (":method", "GET"),
            (":path", &*remote.path),
            (":authority", &*remote.authority),
            ("accept", Form::of(remote).accept()),
        ];
        FetchRequest { cluster: &remote.cluster, headers, timeout_ms: remote.timeout_ms }
    }
}
