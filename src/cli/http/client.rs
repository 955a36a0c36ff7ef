//! One request, one connection, one answer.

use crate::cli::failure::Failure;
use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// A request that has no answer by then is a failure: nothing may hang.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Sends `request` to `address`; its `Host` is whatever the request says.
pub(crate) async fn send(
    address: SocketAddr,
    request: Request<Full<Bytes>>,
) -> Result<Response<Bytes>, Failure> {
    let what = format!("{} {} at `{address}`", request.method(), request.uri());
    match tokio::time::timeout(TIMEOUT, exchange(address, request)).await {
        Ok(answer) => answer.map_err(|error| Failure::new(format!("{what}: {error}"))),
        Err(_) => Err(Failure::new(format!("{what}: no answer in {} s", TIMEOUT.as_secs()))),
    }
}

async fn exchange(
    address: SocketAddr,
    request: Request<Full<Bytes>>,
) -> Result<Response<Bytes>, Box<dyn std::error::Error>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let answer = async {
        let (head, body) = sender.send_request(request).await?.into_parts();
        Ok::<_, hyper::Error>(Response::from_parts(head, body.collect().await?.to_bytes()))
    };
    tokio::pin!(answer);
    tokio::select! {
        biased;
        answer = &mut answer => Ok(answer?),
        // The connection may end first; what it brought is then all there is.
        _ = connection => Ok(answer.await?),
    }
}
