//! An entitlement server whose answers a test scripts, byte by byte.

use super::bootstrap::Setup;
use super::fixture::{Fixture, config};
use super::request::Request;
use super::token::Key;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// An entitlement server: it keeps every question and gives the answer that is set.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it answers and what it was asked.
    pub state: Arc<Mutex<State>>,
    released: Arc<Condvar>,
}

/// The script of a [`Server`].
#[derive(Default)]
pub struct State {
    answer: Vec<u8>,
    /// What GET is answered with, if not the same.
    pub to_get: Option<Vec<u8>>,
    delay: Duration,
    held: bool,
    keep_open: bool,
    questions: Vec<String>,
}

impl Server {
    /// Listens on a free port.
    pub fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let state = Arc::new(Mutex::new(State::default()));
        let released = Arc::new(Condvar::new());
        let shared = (Arc::clone(&state), Arc::clone(&released));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, released) = shared.clone();
                std::thread::spawn(move || serve(stream, &state, &released));
            }
        });
        Server { address, state, released }
    }

    /// From now on, these bytes are the answer, at once.
    pub fn answers(&self, answer: impl Into<Vec<u8>>) -> &Server {
        let mut state = self.state.lock().expect("the state");
        state.answer = answer.into();
        state.keep_open = false;
        state.delay = Duration::ZERO;
        self
    }

    /// From now on, 200 with this JSON.
    pub fn says(&self, body: &Value) -> &Server {
        self.answers(http(200, "application/json", &body.to_string()))
    }

    /// From now on, 200 with this JSON on connections that stay open: for very many questions.
    pub fn keeps_saying(&self, body: &Value) {
        self.says(body);
        self.state.lock().expect("the state").keep_open = true;
    }

    /// The answer takes so long.
    pub fn after(&self, milliseconds: u64) {
        self.state.lock().expect("the state").delay = Duration::from_millis(milliseconds);
    }

    /// From now on, questions get no answer until [`Server::release`].
    pub fn hold(&self) {
        self.state.lock().expect("the state").held = true;
    }

    /// Answers those who were held, and everybody from now on, with what is set now.
    pub fn release(&self) {
        self.state.lock().expect("the state").held = false;
        self.released.notify_all();
    }

    /// The questions since the last call.
    pub fn questions(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().expect("the state").questions)
    }
}

/// A whole answer, after which the connection is closed.
pub fn http(status: u16, media_type: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

fn serve(mut stream: TcpStream, state: &Mutex<State>, released: &Condvar) {
    let mut question = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(n @ 1..) = stream.read(&mut piece) {
        question.extend_from_slice(&piece[..n]);
        let text = String::from_utf8_lossy(&question).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        if body.len() >= length {
            let (answer, delay, keep_open) = {
                let mut state = state.lock().expect("the state");
                state.questions.push(text.clone());
                let state = released.wait_while(state, |state| state.held).expect("the state");
                let answer = if text.starts_with("GET") { state.to_get.clone() } else { None };
                (answer.unwrap_or_else(|| state.answer.clone()), state.delay, state.keep_open)
            };
            std::thread::sleep(delay);
            if !keep_open {
                let _ = stream.write_all(&answer);
                return;
            }
            let text = String::from_utf8_lossy(&answer).replace("connection: close\r\n", "");
            if stream.write_all(text.as_bytes()).is_err() {
                return;
            }
            question.clear();
        }
    }
}

/// A fixture whose entitlement server is asked at `server`; `online` changes the defaults, `change` the whole filter JSON.
pub fn asking_fixture(
    server: &Server,
    key: &Key,
    online: &Value,
    change: impl FnOnce(&mut Value),
) -> Fixture {
    asking_fixture_with(server, key, online, change, |setup| setup)
}

/// The same with options.
pub fn asking_fixture_with(
    server: &Server,
    key: &Key,
    online: &Value,
    change: impl FnOnce(&mut Value),
    options: impl FnOnce(Setup) -> Setup,
) -> Fixture {
    let mut filter = config(&[key]);
    let mut all = json!({"method": "rfc7662", "cluster": "es", "timeout_ms": 400, "cache_seconds": 0, "negative_cache_seconds": 0});
    for (name, value) in online.as_object().expect("members") {
        all[name] = value.clone();
    }
    filter["entitlement_servers"][0]["online"] = all;
    filter["body"] = json!({"hold_headers": true});
    change(&mut filter);
    let address = server.address;
    Fixture::start_with(&filter, |setup| {
        options(setup.stop_iteration(true).cluster("es", address).environment("ES_SECRET", "p:w d"))
    })
}

/// A request without a body.
pub fn delete(token: &str) -> Request {
    Request::new("DELETE", "/eees-eecregistration/v1/registrations/r1").bearer(token)
}
