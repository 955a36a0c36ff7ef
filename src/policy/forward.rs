//! What the upstream gets to see: identity headers, and nothing that only looks like one.

use super::ClientClaims;
use crate::json::Pointer;
use std::sync::Arc;

/// The names under which identity headers go by default. A client's own headers of these names are removed
/// even where others are configured: an upstream may still trust them.
pub const DEFAULT_NAMES: [&str; 4] = ["x-eec-id", "x-eec-gpsi", "x-eec-issuer", "x-eec-token-id"];

/// By these a client tells a server that its request is another one than it looks: another method (Express, Slim), another path
/// (Symfony, IIS, Zend), or a path of which a part has been taken off (Gunicorn).
const OTHER_REQUEST: [&str; 8] = [
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-original-uri",
    "x-rewrite-url",
    "script-name",
    "path-info",
];

/// What says how a body is to be read. Servers that write `_` for `-` (uWSGI, Unicorn) would join a look-alike to the real one.
const FRAMING: [&str; 4] = ["content-type", "content-encoding", "content-length", "transfer-encoding"];

/// The claim that an identity header carries.
#[derive(Debug)]
pub enum HeaderClaim {
    /// The EEC ID, wherever the token's server puts it.
    EecId,
    /// The GPSI(s), likewise.
    Gpsi,
    /// A claim by its place.
    At(Pointer),
}

impl HeaderClaim {
    /// Its place in a token of a server with these claims.
    pub fn place<'a>(&'a self, claims: &'a ClientClaims) -> &'a Pointer {
        match self {
            HeaderClaim::EecId => &claims.eec_id,
            HeaderClaim::Gpsi => &claims.gpsi,
            HeaderClaim::At(pointer) => pointer,
        }
    }
}

/// What goes upstream with an allowed request.
#[derive(Debug)]
pub struct Forward {
    /// Whether the Authorization header stays.
    pub token: bool,
    /// The names of identity headers, in lower case.
    pub names: Arc<[Box<str>]>,
    /// The claims that they carry, in the order of the names.
    pub claims: Vec<HeaderClaim>,
    guard: NameGuard,
}

impl Forward {
    /// Sends `headers`; names are in lower case.
    pub fn new(token: bool, headers: Vec<(Box<str>, HeaderClaim)>) -> Forward {
        let (names, claims): (Vec<Box<str>>, Vec<HeaderClaim>) = headers.into_iter().unzip();
        let identity = DEFAULT_NAMES.into_iter().chain(names.iter().map(|name| &**name));
        let guard = NameGuard::new(
            identity
                .map(|name| (name, Why::Identity))
                .chain(OTHER_REQUEST.map(|name| (name, Why::OtherRequest)))
                .chain(FRAMING.map(|name| (name, Why::Framing))),
        );
        Forward { token, names: names.into(), claims, guard }
    }

    /// Whether a `Connection` header names one that a proxy further on must not drop (RFC 9110, section 7.6.1).
    pub fn drops_protected(&self, connection: &[u8]) -> bool {
        connection.split(|b| *b == b',').map(<[u8]>::trim_ascii).any(|name| {
            self.guard.finds(name) == Some(Why::Identity)
                || name.eq_ignore_ascii_case(b"authorization")
                || name.eq_ignore_ascii_case(b"dpop")
        })
    }

    /// Whether a header that a client sent must not reach the upstream.
    pub fn is_reserved(&self, name: &[u8]) -> bool {
        match self.guard.finds(name) {
            None => false,
            Some(Why::Identity | Why::OtherRequest) => true,
            // The real ones stay.
            Some(Why::Framing) => !FRAMING.iter().any(|own| own.as_bytes() == name),
        }
    }
}

/// Why a header must not look like this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Identity,
    OtherRequest,
    Framing,
}

/// Names compared without regard to case and to what stands for `-`: CGI-like servers write `_` for it, some of them for any
/// byte that is no letter or digit.
#[derive(Debug)]
struct NameGuard {
    folded: Vec<(Box<[u8]>, Why)>,
    /// Bit n is set if a name is n bytes long, so that most headers cost one look.
    lengths: u64,
}

impl NameGuard {
    /// Where a name is there twice, the first reason counts.
    fn new<'a>(names: impl Iterator<Item = (&'a str, Why)>) -> NameGuard {
        let folded: Vec<_> = names.map(|(name, why)| (name.bytes().map(fold).collect(), why)).collect();
        let lengths =
            folded.iter().fold(0, |bits, (name, _): &(Box<[u8]>, Why)| bits | length_bit(name.len()));
        NameGuard { folded, lengths }
    }

    fn finds(&self, name: &[u8]) -> Option<Why> {
        if self.lengths & length_bit(name.len()) == 0 {
            return None;
        }
        let same = |own: &[u8]| own.iter().copied().eq(name.iter().map(|b| fold(*b)));
        self.folded.iter().find(|(own, _)| same(own)).map(|(_, why)| *why)
    }
}

/// Names of 63 bytes and more share a bit.
fn length_bit(length: usize) -> u64 {
    1_u64 << length.min(63)
}

/// A byte of a header name with case and separators folded away.
fn fold(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' }
}
