//! The host calls of a question about each request, sent by the root context, with a body as long as a token.

use crate::host::{self, Alone};
use crate::upstream;

/// What is asked, as the host reads headers, and how long an answer is waited for.
struct Question {
    root: u32,
    cluster: Vec<u8>,
    headers: Vec<u8>,
    body: [u8; 461],
}

const MILLISECONDS: u32 = 5000;
const PAUSE: u32 = 4;

static QUESTION: Alone<Option<Question>> = Alone::new(None);
/// The streams that wait, by the number of their call; more than wait at once.
static WAITING: Alone<[u32; 16_384]> = Alone::new([0; 16_384]);

/// The configuration: the cluster's name, and the path at it, in a line each.
pub fn configure(root: u32, size: usize) {
    if size == 0 {
        return;
    }
    let text = host::buffer(host::CONFIGURATION);
    let mut lines = text.split(|byte| *byte == b'\n');
    let (Some(cluster), Some(path)) = (lines.next(), lines.next()) else { return };
    let headers = headers(&[
        (b":method", b"POST"),
        (b":path", path),
        (b":authority", b"aes.mnc001.mcc001.pub.3gppnetwork.org"),
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"accept", b"application/json"),
        (b"content-length", b"461"),
    ]);
    unsafe {
        *QUESTION.0.get() = Some(Question { root, cluster: cluster.into(), headers, body: [b'A'; 461] })
    };
}

/// What the host does with the request's headers meanwhile; `None` where nothing is asked.
pub fn ask(stream: u32) -> Option<u32> {
    let question = unsafe { (*QUESTION.0.get()).as_ref() }?;
    host::enter(question.root);
    let call = host::call(&question.cluster, &question.headers, &question.body, MILLISECONDS);
    host::enter(stream);
    if let Some(call) = call {
        unsafe { *place(call) = stream };
    }
    Some(PAUSE)
}

#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_http_call_response(root: u32, call: u32, _: u32, _: u32, _: u32) {
    host::header_map(host::CALL_HEADERS);
    host::buffer(host::CALL_BODY);
    host::time();
    host::enter(unsafe { *place(call) });
    upstream::go();
    host::go_on();
    host::enter(root);
}

/// The host counts its calls in fours.
fn place(call: u32) -> *mut u32 {
    let waiting: *mut u32 = WAITING.0.get().cast();
    unsafe { waiting.add((call / 4 % 16_384) as usize) }
}

fn headers(pairs: &[(&[u8], &[u8])]) -> Vec<u8> {
    let number = |size: usize| (size as u32).to_le_bytes();
    let mut bytes = number(pairs.len()).to_vec();
    for (name, value) in pairs {
        bytes.extend([number(name.len()), number(value.len())].concat());
    }
    for (name, value) in pairs {
        for part in [name, value] {
            bytes.extend_from_slice(part);
            bytes.push(0);
        }
    }
    bytes
}
