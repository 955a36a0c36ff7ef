//! Answers that a filter must survive. Whoever believes them lets a token pass.

use super::fault::Fault;
use crate::cli::http::{Problem, Reset};
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Response, StatusCode, Uri, header};
use axum::response::IntoResponse;
use hyper::body::Frame;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// What says, by RFC 7662 and by TS.43, that the token is good.
const GOOD: &str = r#"{"active":true,"OperatorTokenValidity":1,"padding":""#;
const HUGE: usize = 1024 * 1024;

/// A status that is no answer.
pub(super) fn status(status: u16) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    Problem::new(status, "this fault was ordered").into_response()
}

/// Whatever was ordered, to the letter.
pub(super) fn ordered(fault: Fault) -> Response<Body> {
    let status = fault.status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
    let mut answer = Response::new(Body::from(fault.body.unwrap_or_default()));
    *answer.status_mut() = status;
    let media_type = fault.media_type.map_or(Ok(JSON), HeaderValue::try_from);
    if let Ok(media_type) = media_type {
        answer.headers_mut().insert(header::CONTENT_TYPE, media_type);
    }
    answer
}

/// Not JSON, not even text.
pub(super) fn garbage() -> Response<Body> {
    ([(header::CONTENT_TYPE, JSON)], &b"\xff\xfe{\"active\":tru\0e}"[..]).into_response()
}

/// Too much, though every byte of it is JSON.
pub(super) fn huge() -> Response<Body> {
    let padding = "x".repeat(HUGE.saturating_sub(GOOD.len()));
    ([(header::CONTENT_TYPE, JSON)], format!("{GOOD}{padding}\"}}")).into_response()
}

/// Breaks off.
pub(super) fn half() -> Response<Body> {
    let length = GOOD.len().saturating_mul(2);
    let headers = [(header::CONTENT_TYPE, JSON), (header::CONTENT_LENGTH, HeaderValue::from(length))];
    (headers, Body::new(Half::Unsent)).into_response()
}

/// 307 keeps method and body: who follows gets a good answer once the fault is over.
pub(super) fn redirect(uri: &Uri) -> Response<Body> {
    let location =
        uri.path_and_query().and_then(|path| HeaderValue::try_from(path.as_str()).ok()).unwrap_or(JSON);
    (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, location)]).into_response()
}

/// The server's accept loop resets the connection.
pub(super) fn reset() -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    answer.extensions_mut().insert(Reset);
    answer
}

/// The right answer under a wrong name.
pub(super) fn as_html(mut answer: Response<Body>) -> Response<Body> {
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    answer
}

/// A body that fails after its first frame.
enum Half {
    Unsent,
    /// Handed over; the server writes it out when the body has nothing more for now.
    Sent,
    Written,
}

impl hyper::body::Body for Half {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match *self {
            Half::Unsent => {
                *self = Half::Sent;
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(GOOD.as_bytes())))))
            }
            Half::Sent => {
                *self = Half::Written;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Half::Written => Poll::Ready(Some(Err(io::Error::other("half an answer on request")))),
        }
    }
}
