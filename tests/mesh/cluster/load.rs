//! Clients that keep their connections and send one request after the other while something is pushed.

use crate::support::h1::{H1, bytes_of};
use crate::support::request::{Request, Response};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// One request of a client.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// Which of the requests that were given.
    pub kind: usize,
    /// Which connection, counted by client.
    pub connection: usize,
    /// When it was sent, and how long it took.
    pub sent: Instant,
    pub took: Duration,
    /// 0: no answer.
    pub status: u16,
    /// Whether the answer ended the connection.
    pub closes: bool,
}

/// Running clients.
pub struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Vec<Answer>>>,
}

impl Load {
    /// So many clients for each of the requests.
    pub fn start(address: SocketAddr, requests: &[Request], clients: usize) -> Load {
        let stop = Arc::new(AtomicBool::new(false));
        let numbered = requests.iter().enumerate();
        let all = numbered
            .flat_map(|(kind, request)| (0..clients).map(move |client| (kind, client, request.clone())));
        let clients = all
            .map(|(kind, client, request)| {
                let stop = Arc::clone(&stop);
                std::thread::spawn(move || run(address, &request, kind, client * 1_000_000, &stop))
            })
            .collect();
        Load { stop, clients }
    }

    /// Ends it; all answers, in the order of each client.
    pub fn stop(self) -> Vec<Answer> {
        self.stop.store(true, Ordering::Relaxed);
        self.clients.into_iter().flat_map(|client| client.join().expect("a client")).collect()
    }
}

fn run(address: SocketAddr, request: &Request, kind: usize, first: usize, stop: &AtomicBool) -> Vec<Answer> {
    let mut answers = Vec::new();
    let mut connection = first;
    let mut open: Option<H1> = None;
    while !stop.load(Ordering::Relaxed) {
        let sent = Instant::now();
        let answer = exchange(&mut open, address, request);
        let (status, closes) = answer.map_or((0, true), |response| (response.status, response.closes));
        answers.push(Answer { kind, connection, sent, took: sent.elapsed(), status, closes });
        if closes {
            open = None;
            connection += 1;
        }
        // Some thousand requests a second in all: the push must not starve.
        std::thread::sleep(Duration::from_millis(1));
    }
    answers
}

fn exchange(open: &mut Option<H1>, address: SocketAddr, request: &Request) -> std::io::Result<Response> {
    let connection = match open {
        Some(connection) => connection,
        None => open.insert(H1::connect(address)?),
    };
    connection.send(&bytes_of(request))?;
    connection.response(false)
}
