//! What the upstream gets to see: identity headers, and nothing that only looks like one.

use super::entitlement_server::ClientClaims;
use crate::json::Pointer;
use std::sync::Arc;

/// The names under which identity headers go by default. A client's own headers of these names are removed
/// even where others are configured: an upstream may still trust them.
pub const DEFAULT_NAMES: [&str; 4] = ["x-eec-id", "x-eec-gpsi", "x-eec-issuer", "x-eec-token-id"];

/// By these a client tells a server that its request is another one than it looks: another method (Express, Slim), another path
/// (Symfony, IIS, Zend), or a path of which a part has been taken off (Gunicorn, Flask's usual wrapper).
const OTHER_REQUEST: [&str; 9] = [
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-original-uri",
    "x-rewrite-url",
    "script-name",
    "path-info",
    "x-script-name",
];

/// By these, that it is for another host (Django, Rails, Spring, Werkzeug).
const OTHER_HOST: [&str; 5] =
    ["x-forwarded-host", "x-forwarded-server", "x-original-host", "x-host", "forwarded"];

/// What says how a body is to be read. Servers that write `_` for `-` (uWSGI, Unicorn) would join a look-alike to the real one.
const FRAMING: [&str; 4] = ["content-type", "content-encoding", "content-length", "transfer-encoding"];

/// What else means something before the body alone (RFC 9110, section 6.5.1); some servers read trailers as headers.
const NOT_IN_TRAILERS: [&[u8]; 5] = [b"authorization", b"dpop", b"cookie", b"host", b"connection"];

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

    /// Whether it is the EEC ID in a token of a server with these claims.
    pub fn is_eec_id(&self, claims: &ClientClaims) -> bool {
        *self.place(claims) == claims.eec_id
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
    /// Sends `headers`; names are in lower case. Where the host is checked (`check_host`), the upstream sees no other.
    pub fn new(token: bool, check_host: bool, headers: Vec<(Box<str>, HeaderClaim)>) -> Forward {
        let other_host = if check_host { &OTHER_HOST[..] } else { &[] };
        let (names, claims): (Vec<Box<str>>, Vec<HeaderClaim>) = headers.into_iter().unzip();
        let identity = DEFAULT_NAMES.into_iter().chain(names.iter().map(|name| &**name));
        let guard = NameGuard::new(
            identity
                .map(|name| (name, Why::Identity))
                .chain(OTHER_REQUEST.iter().chain(other_host).map(|name| (*name, Why::OtherRequest)))
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

    /// The same for a trailer: there the real ones go, too.
    pub fn is_reserved_trailer(&self, name: &[u8]) -> bool {
        self.guard.finds(name).is_some() || NOT_IN_TRAILERS.iter().any(|own| name.eq_ignore_ascii_case(own))
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
    /// By length, the ends that names have, a bit each: hardly a header that is none of them costs more than one look.
    ends: [u32; LENGTHS],
}

/// Names of as many bytes or more are told apart by their ends alone.
const LENGTHS: usize = 32;

impl NameGuard {
    /// Where a name is there twice, the first reason counts.
    fn new<'a>(names: impl Iterator<Item = (&'a str, Why)>) -> NameGuard {
        let folded: Vec<_> =
            names.map(|(name, why)| (name.bytes().map(fold).collect::<Box<[u8]>>(), why)).collect();
        let mut ends = [0; LENGTHS];
        for (name, _) in &folded {
            let (length, end) = length_and_end(name);
            ends.iter_mut().skip(length).take(1).for_each(|ends| *ends |= end);
        }
        NameGuard { folded, ends }
    }

    fn finds(&self, name: &[u8]) -> Option<Why> {
        let (length, end) = length_and_end(name);
        if self.ends.get(length).is_none_or(|ends| ends & end == 0) {
            return None;
        }
        let same = |own: &[u8]| own.iter().copied().eq(name.iter().map(|b| fold(*b)));
        self.folded.iter().find(|(own, _)| same(own)).map(|(_, why)| *why)
    }
}

/// Which entry of `ends` a name has, and which bit there.
fn length_and_end(name: &[u8]) -> (usize, u32) {
    let end = name.last().map_or(0, |byte| fold(*byte));
    (name.len().min(LENGTHS - 1), 1 << (end % 32))
}

/// A byte of a header name with case and separators folded away.
fn fold(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_cgi_like_server_takes_for_a_reserved_name_is_found_and_nothing_else() {
        let forward = Forward::new(false, true, vec![("x-é".into(), HeaderClaim::EecId)]);
        let reserved: Vec<&str> =
            DEFAULT_NAMES.into_iter().chain(OTHER_REQUEST).chain(OTHER_HOST).chain(["x-é"]).collect();
        let long = "x-".repeat(200);
        let others = ["", &long, "host", "x-eec", "x-eec-idd"];
        let cgi = |name: &[u8]| -> String {
            let letter = |b: &u8| if b.is_ascii_alphanumeric() { b.to_ascii_uppercase() } else { b'_' };
            name.iter().map(|b| char::from(letter(b))).collect()
        };
        let taken: Vec<String> = reserved.iter().map(|own| cgi(own.as_bytes())).collect();
        for name in reserved.iter().chain(&others) {
            for place in 0..name.len().max(1) {
                for byte in 0..=255 {
                    let mut changed = name.as_bytes().to_vec();
                    changed.iter_mut().skip(place).take(1).for_each(|at| *at = byte);
                    let expected = taken.contains(&cgi(&changed));
                    assert_eq!(forward.is_reserved(&changed), expected, "{}", changed.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn a_name_of_any_length_is_found() {
        for length in 1..100 {
            let own = "x".repeat(length);
            let forward = Forward::new(false, true, vec![(own.as_str().into(), HeaderClaim::EecId)]);
            assert!(forward.is_reserved(own.as_bytes()), "{length} bytes");
            assert!(!forward.is_reserved("x".repeat(length + 1).as_bytes()), "{length} bytes");
        }
    }

    #[test]
    fn where_hosts_are_not_checked_whoever_is_in_front_may_name_another() {
        let forward = Forward::new(false, false, vec![]);
        assert!(OTHER_HOST.iter().all(|name| !forward.is_reserved(name.as_bytes())));
        assert!(OTHER_REQUEST.iter().all(|name| forward.is_reserved(name.as_bytes())));
    }

    #[test]
    fn what_frames_a_body_stays_and_its_look_alikes_go() {
        let forward = Forward::new(false, true, vec![]);
        for name in ["content-type", "content-encoding", "content-length", "transfer-encoding"] {
            assert!(!forward.is_reserved(name.as_bytes()), "{name}");
            for separator in ["_", ".", "!"] {
                let look_alike = name.replace('-', separator);
                assert!(forward.is_reserved(look_alike.as_bytes()), "{look_alike}");
                assert!(forward.is_reserved_trailer(look_alike.as_bytes()), "{look_alike}");
            }
            assert!(forward.is_reserved_trailer(name.as_bytes()), "{name}");
        }
        for name in ["authorization", "DPoP", "cookie", "host", "connection"] {
            assert!(!forward.is_reserved(name.as_bytes()), "{name}");
            assert!(forward.is_reserved_trailer(name.as_bytes()), "{name}");
        }
        assert!(!forward.is_reserved_trailer(b"x-checksum") && forward.is_reserved_trailer(b"x_eec_id"));
    }

    #[test]
    fn connection_names_no_header_that_speaks_for_the_client() {
        let forward = Forward::new(false, true, vec![("x-client".into(), HeaderClaim::EecId)]);
        for value in
            ["x-eec-id", "close, X_Client", "Authorization", "keep-alive,\tdpop ", "x-eec-token-id,close"]
        {
            assert!(forward.drops_protected(value.as_bytes()), "{value}");
        }
        for value in ["", "close", "keep-alive, upgrade", "content_type", "x-method-override"] {
            assert!(!forward.drops_protected(value.as_bytes()), "{value}");
        }
    }
}
