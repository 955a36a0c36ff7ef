//! An HTTP/2 upstream (prior knowledge) that records like [`super::upstream`].

use super::request::latin1;
use super::upstream::{End, Received, Records};
use h2::server::SendResponse;
use http::{HeaderMap, Request, Response};
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};

/// A running upstream; it answers 201 with the body `upstream`.
pub struct UpstreamH2 {
    /// Where it listens, on loopback.
    pub address: SocketAddr,
    /// What it has seen.
    pub records: Records,
}

impl UpstreamH2 {
    /// Starts it on a free port; its thread ends with the test process.
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("not blocking");
        let address = listener.local_addr().expect("an address");
        let records = Records::default();
        let shared = records.clone();
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).expect("a listener");
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, shared.clone()));
                }
            });
        });
        Self { address, records }
    }
}

async fn serve(stream: TcpStream, records: Records) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((request, respond))) = connection.accept().await {
        tokio::spawn(record(request, respond, records.clone()));
    }
}

async fn record(request: Request<h2::RecvStream>, mut respond: SendResponse<bytes::Bytes>, records: Records) {
    let (head, mut body) = request.into_parts();
    let mut headers = plain(&head.headers);
    if let Some(authority) = head.uri.authority() {
        headers.insert(0, (":authority".to_owned(), authority.as_str().to_owned()));
    }
    let index = records.open(Received {
        protocol: "HTTP/2",
        method: head.method.to_string(),
        path: head.uri.path_and_query().map(|p| p.as_str().to_owned()).unwrap_or_default(),
        headers,
        body: Vec::new(),
        trailers: Vec::new(),
        end: End::Open,
    });
    while let Some(piece) = body.data().await {
        let Ok(piece) = piece else {
            records.update(index, |r| r.end = End::Cut);
            return;
        };
        let _ = body.flow_control().release_capacity(piece.len());
        records.update(index, |r| r.body.extend_from_slice(&piece));
    }
    match body.trailers().await {
        Ok(trailers) => records.update(index, |r| {
            r.trailers = plain(&trailers.unwrap_or_default());
            r.end = End::Complete;
        }),
        Err(_) => {
            records.update(index, |r| r.end = End::Cut);
            return;
        }
    }
    let reply = Response::builder().status(201).body(()).expect("a response");
    if let Ok(mut stream) = respond.send_response(reply, false) {
        let _ = stream.send_data("upstream".into(), true);
    }
}

/// Names and values as this fixture compares them.
pub fn plain(headers: &HeaderMap) -> Vec<(String, String)> {
    headers.iter().map(|(n, v)| (n.as_str().to_owned(), latin1(v.as_bytes()))).collect()
}
