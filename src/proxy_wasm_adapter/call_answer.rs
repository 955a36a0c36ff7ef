//! The answer to an HTTP call, as the host holds it inside the callback that announces it.

use super::header_map::{self, Pair};
use super::hostcalls::{self, Buffer, Map};

/// Headers and body; both empty where no answer came.
#[derive(Default)]
pub(super) struct CallAnswer {
    map: Option<Vec<u8>>,
    /// As much of the body as was asked for.
    pub(super) body: Vec<u8>,
}

impl CallAnswer {
    /// What the host holds, with at most `max_body` bytes of the body.
    pub(super) fn take(max_body: usize) -> CallAnswer {
        let map = hostcalls::header_map(Map::HttpCallResponseHeaders);
        let body = hostcalls::buffer(Buffer::HttpCallResponseBody, max_body).unwrap_or_default();
        CallAnswer { map, body }
    }

    /// Its headers; none where the host's bytes cannot be read.
    pub(super) fn headers(&self) -> AnswerHeaders<'_> {
        AnswerHeaders(self.map.as_deref().and_then(header_map::parse).unwrap_or_default())
    }
}

/// The headers of an answer.
pub(super) struct AnswerHeaders<'a>(Vec<Pair<'a>>);

impl<'a> AnswerHeaders<'a> {
    /// `:status`, if it is a number.
    pub(super) fn status(&self) -> Option<u16> {
        std::str::from_utf8(self.values(b":status").first()?).ok()?.parse().ok()
    }

    /// The values of a header, in their order.
    pub(super) fn values(&self, wanted: &[u8]) -> Vec<&'a [u8]> {
        self.0.iter().filter(|(name, _)| *name == wanted).map(|(_, value)| *value).collect()
    }
}
