//! An HTTP/2 client (prior knowledge) that can stop anywhere: tiny frames, trailers, half a body, a reset.

use super::request::{Request, Response};
use super::upstream_h2::plain;
use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, SendStream};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

/// What goes wrong here is text: tests only print it.
pub type Result<T> = std::result::Result<T, String>;

/// One connection to Envoy.
pub struct H2 {
    runtime: Runtime,
    send: SendRequest<Bytes>,
}

/// A request that is under way.
pub struct Exchange<'a> {
    runtime: &'a Runtime,
    body: SendStream<Bytes>,
    response: Option<ResponseFuture>,
}

impl H2 {
    /// Connects and exchanges settings.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(text)?;
        let send = runtime.block_on(async {
            let stream = TcpStream::connect(address).await.map_err(text)?;
            stream.set_nodelay(true).map_err(text)?;
            let (send, connection) = h2::client::handshake(stream).await.map_err(text)?;
            tokio::spawn(async move {
                let _ = connection.await;
            });
            send.ready().await.map_err(text)
        })?;
        Ok(Self { runtime, send })
    }

    /// Sends the headers of `request`; with `end` they are all of it.
    pub fn start(&mut self, request: &Request, end: bool) -> Result<Exchange<'_>> {
        self.start_beside(request, end)
    }

    /// The same beside others that are under way.
    pub fn start_beside(&self, request: &Request, end: bool) -> Result<Exchange<'_>> {
        let head = head(request)?;
        // Sending needs the runtime's context.
        let _context = self.runtime.enter();
        let (response, body) = self.send.clone().send_request(head, end).map_err(text)?;
        Ok(Exchange { runtime: &self.runtime, body, response: Some(response) })
    }
}

impl Exchange<'_> {
    /// Sends one DATA frame.
    pub fn data(&mut self, data: &[u8], end: bool) -> Result<()> {
        let _context = self.runtime.enter();
        self.body.send_data(Bytes::copy_from_slice(data), end).map_err(text)
    }

    /// Ends the request with trailers.
    pub fn trailers(&mut self, trailers: &[(String, Vec<u8>)]) -> Result<()> {
        self.body.send_trailers(map(trailers)?).map_err(text)
    }

    /// Resets the stream with CANCEL.
    pub fn reset(&mut self) {
        self.body.send_reset(Reason::CANCEL);
    }

    /// Waits for the whole response, 20 seconds at most.
    pub fn response(&mut self) -> Result<Response> {
        let future = self.response.take().ok_or("the response was read before")?;
        let read = async {
            let (head, mut body) = future.await.map_err(text)?.into_parts();
            let mut response = Response {
                status: head.status.as_u16(),
                headers: plain(&head.headers),
                ..Response::default()
            };
            while let Some(piece) = body.data().await {
                let piece = piece.map_err(text)?;
                body.flow_control().release_capacity(piece.len()).map_err(text)?;
                response.body.extend_from_slice(&piece);
            }
            response.trailers = plain(&body.trailers().await.map_err(text)?.unwrap_or_default());
            Ok(response)
        };
        self.runtime
            .block_on(async { tokio::time::timeout(Duration::from_secs(20), read).await.map_err(text)? })
    }
}

fn head(request: &Request) -> Result<http::Request<()>> {
    let authority = request.authority.as_deref().ok_or("only the raw client can leave out :authority")?;
    let uri = Uri::builder().scheme("http").authority(authority).path_and_query(request.path.as_slice());
    let mut head = http::Request::builder()
        .method(request.method.as_str())
        .uri(uri.build().map_err(text)?)
        .body(())
        .map_err(text)?;
    let mut fields = vec![("x-case".to_owned(), request.case.clone().into_bytes())];
    fields.extend_from_slice(&request.headers);
    *head.headers_mut() = map(&fields)?;
    Ok(head)
}

fn map(fields: &[(String, Vec<u8>)]) -> Result<HeaderMap> {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(text)?;
        map.append(name, HeaderValue::from_bytes(value).map_err(text)?);
    }
    Ok(map)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Sends one request on a connection of its own and reads the answer.
pub fn exchange(address: SocketAddr, request: &Request) -> Result<Response> {
    let mut connection = H2::connect(address)?;
    let more = !request.trailers.is_empty();
    let mut exchange = connection.start(request, request.body.is_none() && !more)?;
    // Envoy may have answered and reset the stream by now: the answer is what counts.
    if let Some(body) = &request.body {
        let _ = exchange.data(body, !more);
    }
    if more {
        let _ = exchange.trailers(&request.trailers);
    }
    exchange.response()
}
