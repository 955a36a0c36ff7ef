//! An upstream that keeps counts instead of records, so that it can run for hours.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct Seen {
    arrived: AtomicU64,
    wrong: Mutex<Vec<String>>,
}

/// A running upstream; it answers 201.
pub struct Upstream {
    /// Where it listens, on loopback.
    pub address: SocketAddr,
    seen: Arc<Seen>,
}

impl Upstream {
    /// Starts it on a free port; its threads end with the test process.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Seen::default());
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = Arc::clone(&shared);
                std::thread::spawn(move || while serve(&stream, &seen).is_some() {});
            }
        });
        Self { address, seen }
    }

    /// How many requests have arrived.
    pub fn arrived(&self) -> u64 {
        self.seen.arrived.load(Ordering::Relaxed)
    }

    /// What should not have arrived, or not so.
    pub fn wrong(&self) -> Vec<String> {
        self.seen.wrong.lock().expect("the list").clone()
    }
}

/// One request. Clients mark those that may pass: `x-case: good <EEC ID>`.
fn serve(stream: &TcpStream, seen: &Seen) -> Option<()> {
    // Envoy sends nothing ahead of an answer, so that nothing is lost with the buffer.
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    (reader.read_line(&mut line).ok()? > 0).then_some(())?;
    let request = line.trim().to_owned();
    let mut headers: HashMap<String, String> = HashMap::new();
    loop {
        line.clear();
        (reader.read_line(&mut line).ok()? > 0).then_some(())?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        let values = headers.entry(name.to_ascii_lowercase().replace('_', "-")).or_default();
        *values = if values.is_empty() { value.to_owned() } else { format!("{values},{value}") };
    }
    seen.arrived.fetch_add(1, Ordering::Relaxed);
    let marked = headers.get("x-case").and_then(|case| case.strip_prefix("good "));
    let named = headers.get("x-eec-id").map(String::as_str);
    if marked.is_none() || marked != named || headers.contains_key("authorization") {
        let wrong = format!("arrived upstream: {request}, marked {headers:?}");
        seen.wrong.lock().expect("the list").push(wrong);
    }
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).ok()?;
    let mut writer = stream;
    writer.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n").ok()
}
