//! Serves a router on a listener until it is dropped.

use crate::cli::failure::Failure;
use axum::Router;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// In a response's extensions: send nothing and reset the TCP connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reset;

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection reset on request")
    }
}

impl std::error::Error for Reset {}

/// Binds `address`.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(Failure::because(format!("cannot listen on `{address}`")))
}

/// Answers requests for ever; dropping the future closes every connection.
pub(crate) async fn serve(listener: TcpListener, router: Router) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(connection(stream, router.clone()))),
                // Out of file descriptors, most likely: the pause lets connections end.
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, router: Router) {
    // Small answers must not wait for the peer's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let service = hyper::service::service_fn(move |request| {
        let answer = router.call(request);
        async move {
            let Ok(answer) = answer.await;
            if answer.extensions().get::<Reset>().is_some() { Err(Reset) } else { Ok(answer) }
        }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    let mut connection = http.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    if let Err(error) = (&mut connection).await
        && std::error::Error::source(&error).is_some_and(|cause| cause.is::<Reset>())
    {
        // With a linger of zero, closing sends RST in place of FIN.
        let _ = connection.into_parts().io.inner().set_zero_linger();
    }
}
