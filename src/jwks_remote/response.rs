//! What a server says when it is asked for its keys. It is read as a stranger's word.

use super::answer::{Answer, Failure, Form, KeySetAnswer, Moment};
use super::signed_set;
use crate::json::{self, Json};
use crate::keys::{HostVerifier, Jwk, KeySet, PinnedKey, Window, Work};
use crate::policy::{EntitlementServer, JwksRemote, media_type};
use crate::time::UnixTime;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The longest answer, in bytes.
pub(super) const MAX_ANSWER: usize = 256 * 1_024;

/// The longest reason, in characters: a stranger's text may be part of it, and it goes into the log.
const MAX_REASON: usize = 400;

/// The most keys in a set, usable or not.
const MAX_KEYS: usize = 64;

/// Reads the answer of `server`, which has `remote`.
///
/// # Errors
///
/// The first thing that is wrong: then the fetch has failed.
pub fn read(
    server: &EntitlementServer,
    remote: &JwksRemote,
    answer: &Answer<'_>,
    moment: &Moment,
    host: &dyn HostVerifier,
) -> Result<KeySetAnswer, Failure> {
    check_transport(remote, answer)?;
    let (set, issued_at, end) = match Form::of(remote) {
        Form::Plain => {
            let set = json::parse(answer.body).map_err(|_| "the answer is not strict JSON")?;
            (set, None, None)
        }
        Form::Signed => {
            let signed = signed_set::open(server, remote, answer.body, moment, host)?;
            (signed.payload, Some(signed.issued_at), Some(signed.expires_at))
        }
    };
    let stale = moment.fetched_at.plus(remote.max_stale_seconds as f64);
    let until = end.filter(|end| *end < stale).unwrap_or(stale);
    let at = At { now: moment.now, host };
    let Found { keys, pinned, left_out } = keys(&set, &server.keys, remote, &at)?;
    if keys.is_empty() && !pinned {
        let because = left_out.unwrap_or_else(|| "it is empty".into());
        return Err(Failure { because: format!("the set has no usable key: {because}") });
    }
    Ok(KeySetAnswer { keys, left_out, issued_at, until })
}

/// Everything that can be told without reading the body.
fn check_transport(remote: &JwksRemote, answer: &Answer<'_>) -> Result<(), Failure> {
    match answer.status {
        Some(200) => {}
        Some(status) => return Err(Failure { because: format!("the answer has status {status}, not 200") }),
        None => return Err("there is no answer".into()),
    }
    if !media_type::is_one_of(answer.content_types.iter().copied(), Form::of(remote).media_types()) {
        let wanted = Form::of(remote).media_types().join(" or ");
        return Err(Failure { because: format!("the answer is not declared as {wanted}") });
    }
    if media_type::is_coded(answer.content_encodings.iter().copied()) {
        return Err("the answer has a content coding".into());
    }
    if answer.body.len() > MAX_ANSWER {
        return Err("the answer is longer than 256 KiB".into());
    }
    Ok(())
}

/// When a set is read, and who helps.
struct At<'a> {
    now: UnixTime,
    host: &'a dyn HostVerifier,
}

/// What is in a set.
#[derive(Default)]
struct Found {
    /// The usable keys.
    keys: Vec<PinnedKey>,
    /// Whether a key in it is pinned as well, which needs it no second time.
    pinned: bool,
    /// The first reason why one was left out.
    left_out: Option<String>,
}

/// What is in a set beside the `pinned` keys.
fn keys(set: &Json, pinned: &KeySet, remote: &JwksRemote, at: &At<'_>) -> Result<Found, Failure> {
    let items = set.get("keys").and_then(Json::as_array).ok_or("the answer has no array `keys`")?;
    if items.len() > MAX_KEYS {
        return Err("the set has more than 64 keys".into());
    }
    let mut found = Found::default();
    let work = Work::default();
    for (index, item) in items.iter().enumerate() {
        let key = match key(item, remote, at, &work) {
            Ok(key) => key,
            Err(because) => {
                let because = || format!("keys[{index}]{because}").chars().take(MAX_REASON).collect();
                found.left_out.get_or_insert_with(because);
                continue;
            }
        };
        if pinned.keys().iter().any(|pinned| is_same(&key, pinned) && key.kid == pinned.kid) {
            found.pinned = true;
        } else if pinned.keys().iter().chain(&found.keys).any(|other| is_hidden_by(&key, other)) {
            found.left_out.get_or_insert_with(|| {
                format!("keys[{index}] has `kid` and algorithm of another key, which comes first")
            });
        } else {
            found.keys.push(key);
        }
    }
    Ok(found)
}

/// A key as it stands in a set; `FetchedKeys::take` numbers it.
fn key(item: &Json, remote: &JwksRemote, at: &At<'_>, work: &Work) -> Result<PinnedKey, String> {
    let jwk = Jwk::parse(item).map_err(|errors| {
        errors.first().map(|error| format!("{} {}", error.member, error.message)).unwrap_or_default()
    })?;
    let (key, kid) = (jwk.key, jwk.kid);
    if remote.trust_anchors.is_empty() {
        return Ok(PinnedKey { key, kid, x5t_s256: jwk.x5t_s256, window: Window::default(), fetched: None });
    }
    let vouched = remote.trust_anchors.vouch(&chain(item)?, &key, &remote.fqdn, at.now, work, at.host);
    let vouched = vouched.map_err(|because| format!(" {because}"))?;
    Ok(PinnedKey { key, kid, x5t_s256: Some(vouched.x5t_s256), window: vouched.window, fetched: None })
}

/// The certificates in `x5c` (RFC 7517, section 4.7): in the base64 of PEM, not of URLs.
fn chain(item: &Json) -> Result<Vec<Vec<u8>>, String> {
    let certificates = item.get("x5c").and_then(Json::as_array).ok_or(" has no array `x5c`")?;
    let decode = |text: &Json| STANDARD.decode(text.as_str()?).ok();
    let decoded: Option<Vec<Vec<u8>>> = certificates.iter().map(decode).collect();
    decoded.ok_or_else(|| ".x5c is not an array of certificates in base64".into())
}

/// Whether a token could not tell `key` from `other`: a namesake, or the same key without a name.
fn is_hidden_by(key: &PinnedKey, other: &PinnedKey) -> bool {
    key.is_namesake_of(other) || (is_same(key, other) && key.kid.is_none() && other.kid.is_none())
}

fn is_same(key: &PinnedKey, other: &PinnedKey) -> bool {
    key.key.thumbprint() == other.key.thumbprint() && key.key.algorithm() == other.key.algorithm()
}
