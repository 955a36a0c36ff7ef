//! An HTTP/1.1 upstream that records exactly what arrived, while it arrives.

use super::request::latin1;
use std::io::{BufRead, BufReader, Error, Read, Result, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How far a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// More may come.
    Open,
    /// The whole request arrived.
    Complete,
    /// It broke off: connection closed or stream reset.
    Cut,
}

/// One request as the upstream sees it.
#[derive(Debug, Clone)]
pub struct Received {
    /// `HTTP/1.1` or `HTTP/2`.
    pub protocol: &'static str,
    /// The method.
    pub method: String,
    /// The request target.
    pub path: String,
    /// In order; names in lower case, values as Latin-1.
    pub headers: Vec<(String, String)>,
    /// The body so far, unchunked.
    pub body: Vec<u8>,
    /// After the body.
    pub trailers: Vec<(String, String)>,
    /// How far it has come.
    pub end: End,
}

impl Received {
    /// All values of one header, of whatever spelling with `_` for `-`.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let same = |n: &str| n.replace('_', "-") == name;
        self.headers.iter().filter(|(n, _)| same(n)).map(|(_, v)| v.as_str()).collect()
    }
}

/// What all connections of one upstream write to.
#[derive(Clone, Default)]
pub struct Records(Arc<Mutex<Vec<Received>>>);

impl Records {
    /// Starts a record and says where it is.
    pub fn open(&self, received: Received) -> usize {
        let mut all = self.0.lock().expect("records");
        all.push(received);
        all.len() - 1
    }

    /// Changes the record at `index`.
    pub fn update(&self, index: usize, change: impl FnOnce(&mut Received)) {
        change(&mut self.0.lock().expect("records")[index]);
    }

    /// The record at `index`.
    pub fn at(&self, index: usize) -> Option<Received> {
        self.0.lock().expect("records").get(index).cloned()
    }

    /// What has arrived of the request with this `x-case`.
    pub fn find(&self, case: &str) -> Option<Received> {
        self.0.lock().expect("records").iter().find(|r| r.all("x-case") == [case]).cloned()
    }

    /// Waits until the request with this `x-case` is in the wanted state; panics after 20 seconds.
    pub fn wait_for(&self, case: &str, wanted: impl Fn(&Received) -> bool) -> Received {
        let start = Instant::now();
        loop {
            let found = self.find(case);
            match found {
                Some(received) if wanted(&received) => return received,
                _ if start.elapsed() < Duration::from_secs(20) => {
                    std::thread::sleep(Duration::from_millis(2))
                }
                found => panic!("{case} never came so far at the upstream: {found:?}"),
            }
        }
    }

    /// The first request that arrived.
    pub fn first(&self) -> Received {
        self.0.lock().expect("records").first().expect("a request").clone()
    }

    /// The last such request.
    pub fn last(&self, such: impl Fn(&Received) -> bool) -> Received {
        let all = self.0.lock().expect("records");
        all.iter().rfind(|received| such(received)).expect("such a request").clone()
    }

    /// How many requests have arrived, complete or not.
    pub fn count(&self) -> usize {
        self.0.lock().expect("records").len()
    }
}

/// A running upstream; it answers 201 with the body `upstream`, unless it is told otherwise.
pub struct Upstream {
    /// Where it listens, on loopback.
    pub address: SocketAddr,
    /// What it has seen.
    pub records: Records,
}

/// What an upstream answers to a whole request: an answer as it goes on the wire.
pub type Answering = dyn Fn(&Received) -> Vec<u8> + Send + Sync;

impl Upstream {
    /// Starts it on a free port; its threads end with the test process.
    pub fn start() -> Self {
        Self::answering(Arc::new(|received: &Received| {
            let body = if received.method == "HEAD" { "" } else { "upstream" };
            format!("HTTP/1.1 201 Created\r\ncontent-length: 8\r\ncontent-type: text/plain\r\n\r\n{body}")
                .into()
        }))
    }

    /// Starts one that answers with this text; an empty one closes the connection.
    pub fn saying(answer: impl Fn(&Received) -> String + Send + Sync + 'static) -> Self {
        Self::answering(Arc::new(move |received: &Received| answer(received).into()))
    }

    /// Starts one that answers otherwise.
    pub fn answering(answer: Arc<Answering>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let records = Records::default();
        let shared = records.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (records, answer) = (shared.clone(), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &records, &*answer));
            }
        });
        Self { address, records }
    }
}

/// Requests of one connection, until it ends.
fn serve(stream: TcpStream, records: &Records, answer: &Answering) {
    let Ok(mut writer) = stream.try_clone() else { return };
    let mut reader = BufReader::new(stream);
    while let Ok(received) = head(&mut reader) {
        let index = records.open(received.clone());
        let end = match body(&mut reader, &received, |change| records.update(index, change)) {
            Ok(()) => End::Complete,
            Err(_) => End::Cut,
        };
        records.update(index, |r| r.end = end);
        let Some(whole) = records.at(index).filter(|_| end == End::Complete) else { return };
        let reply = answer(&whole);
        if reply.is_empty() || writer.write_all(&reply).is_err() {
            return;
        }
    }
}

fn head(reader: &mut impl BufRead) -> Result<Received> {
    let line = line(reader)?;
    let mut words = line.split(' ');
    Ok(Received {
        protocol: "HTTP/1.1",
        method: words.next().unwrap_or_default().to_owned(),
        path: words.next().unwrap_or_default().to_owned(),
        headers: fields(reader)?,
        body: Vec::new(),
        trailers: Vec::new(),
        end: End::Open,
    })
}

fn body(
    reader: &mut impl BufRead,
    received: &Received,
    update: impl Fn(Box<dyn FnOnce(&mut Received)>),
) -> Result<()> {
    if !received.all("transfer-encoding").is_empty() {
        loop {
            let size = usize::from_str_radix(&line(reader)?, 16).map_err(Error::other)?;
            if size == 0 {
                break;
            }
            take(reader, size, &update)?;
            line(reader)?;
        }
        let trailers = fields(reader)?;
        update(Box::new(move |r| r.trailers = trailers));
    } else if let [length] = received.all("content-length")[..] {
        take(reader, length.parse().map_err(Error::other)?, &update)?;
    }
    Ok(())
}

/// Records `size` bytes piece by piece, as they come.
fn take(
    reader: &mut impl BufRead,
    mut size: usize,
    update: &impl Fn(Box<dyn FnOnce(&mut Received)>),
) -> Result<()> {
    while size > 0 {
        let piece = reader.fill_buf()?;
        if piece.is_empty() {
            return Err(Error::other("cut"));
        }
        let piece = piece[..piece.len().min(size)].to_vec();
        reader.consume(piece.len());
        size -= piece.len();
        update(Box::new(move |r| r.body.extend_from_slice(&piece)));
    }
    Ok(())
}

fn line(reader: &mut impl BufRead) -> Result<String> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    line.strip_suffix(b"\r\n").map(latin1).ok_or_else(|| Error::other("cut"))
}

fn fields(reader: &mut impl BufRead) -> Result<Vec<(String, String)>> {
    let mut fields = Vec::new();
    loop {
        let line = line(reader)?;
        if line.is_empty() {
            return Ok(fields);
        }
        let (name, value) = line.split_once(':').ok_or_else(|| Error::other("bad field"))?;
        fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}
