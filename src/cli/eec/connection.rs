//! The connection of one client, kept until it turns to another server; HTTP/1.1.

use super::network::Network;
use super::url::{Origin, Url};
use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

/// How much of an answer is read: those of TS 24.558 are far smaller.
const MOST: usize = 1024 * 1024;

/// A client's connection. There is one at a time, so that a crowd has no more of them than clients.
#[derive(Default)]
pub(crate) struct Connection(Option<(Origin, SendRequest<Full<Bytes>>)>);

impl Connection {
    /// Sends a request to the server of `url` and reads its whole answer. The error says why there is none.
    pub(crate) async fn send(
        &mut self,
        network: &Network,
        url: &Url,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, String> {
        let patience = network.patience();
        // Where time is up, the connection goes with the exchange: nothing that comes late is taken for another answer.
        let answer = tokio::time::timeout(patience, self.exchange(network, url.origin(), request)).await;
        answer.unwrap_or_else(|_| Err(format!("no answer in {} s", patience.as_secs())))
    }

    async fn exchange(
        &mut self,
        network: &Network,
        origin: &Origin,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, String> {
        let kept = self.0.take().filter(|(to, _)| to == origin);
        if let Some((_, mut kept)) = kept
            && kept.ready().await.is_ok()
        {
            match kept.try_send_request(request).await {
                Ok(response) => return self.read(origin, kept, response).await,
                // A server may close what is idle at any time; what was not sent at all can go on another connection.
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(told(&error.into_error())),
                },
            }
        }
        let stream = network.connect(origin).await?;
        let (mut new, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| told(&error))?;
        tokio::spawn(connection);
        let response = new.send_request(request).await.map_err(|error| told(&error))?;
        self.read(origin, new, response).await
    }

    /// Reads the body; then the connection is there for the next request.
    async fn read(
        &mut self,
        origin: &Origin,
        sender: SendRequest<Full<Bytes>>,
        response: Response<hyper::body::Incoming>,
    ) -> Result<Response<Bytes>, String> {
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MOST).collect().await;
        let body = body.map_err(|error| format!("the answer breaks off: {error}"))?.to_bytes();
        self.0 = Some((origin.clone(), sender));
        Ok(Response::from_parts(head, body))
    }
}

/// An error with what is behind it.
fn told(error: &hyper::Error) -> String {
    use std::error::Error as _;
    match error.source() {
        Some(source) => format!("no answer: {error}: {source}"),
        None => format!("no answer: {error}"),
    }
}
