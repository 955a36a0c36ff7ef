//! Slices of requests to the listeners of one Envoy, which take turns: what differs between two starts of a process, or between
//! two minutes of a machine, is the same for all.
//!
//!     load-generator PID SLICE CYCLES METHOD PATH HOST NAME=PORT=TOKENS…
//!
//! Prints, for each slice but those of the first two cycles, a line `NAME CYCLE MICROSECONDS RATE`: processor time of the process
//! PID for one request, and requests in a second. Cycles go forth and back. Ends with an error at the first answer that is not 200.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 32;
/// In these every variant sees as many tokens as a cache has room for.
const WARM_CYCLES: usize = 2;
const WARM_REQUESTS: usize = 4_400;

struct Listener {
    name: String,
    requests: Vec<Vec<u8>>,
    next: usize,
    connections: Vec<TcpStream>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pid, slice, cycles, method, path, host, listeners @ ..] = arguments.as_slice() else {
        return Err("usage: load-generator PID SLICE CYCLES METHOD PATH HOST NAME=PORT=TOKENS…".into());
    };
    let (slice, cycles): (usize, usize) = (slice.parse()?, cycles.parse()?);
    let open = |listener: &String| open(listener, [method, path, host]);
    let mut listeners = listeners.iter().map(open).collect::<Result<Vec<Listener>, _>>()?;
    for cycle in 0..cycles + WARM_CYCLES {
        let count = if cycle < WARM_CYCLES { WARM_REQUESTS } else { slice };
        for turn in 0..listeners.len() {
            let turn = if cycle % 2 == 0 { turn } else { listeners.len() - 1 - turn };
            let listener = &mut listeners[turn];
            let (before, begin) = (processor_time(pid)?, Instant::now());
            let sent = load(listener, count)?;
            let rate = sent as f64 / begin.elapsed().as_secs_f64();
            // What is left to do after the answers belongs to this slice, too.
            std::thread::sleep(Duration::from_millis(2));
            let microseconds = (processor_time(pid)? - before) / 1e3 / sent as f64;
            if cycle >= WARM_CYCLES {
                println!("{} {} {microseconds:.3} {rate:.0}", listener.name, cycle - WARM_CYCLES);
            }
        }
    }
    Ok(())
}

fn open(listener: &str, [method, path, host]: [&String; 3]) -> Result<Listener, Box<dyn Error>> {
    let mut parts = listener.splitn(3, '=');
    let (Some(name), Some(port), Some(tokens)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(format!("{listener}: not NAME=PORT=TOKENS").into());
    };
    let request = |token: &str| {
        let fields = "User-Agent: eec/1\r\nAccept: application/json";
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\nAuthorization: Bearer {token}\r\n\r\n"
        )
        .into_bytes()
    };
    let requests = std::fs::read_to_string(tokens)?.lines().map(request).collect();
    let connect = |_| {
        let connection = TcpStream::connect(("127.0.0.1", port.parse::<u16>()?))?;
        connection.set_nodelay(true)?;
        Ok::<_, Box<dyn Error>>(connection)
    };
    let connections = (0..CONNECTIONS).map(connect).collect::<Result<_, _>>()?;
    Ok(Listener { name: name.to_owned(), requests, next: 0, connections })
}

/// Sends `count` requests or some more, as many at once as there are connections; how many.
fn load(listener: &mut Listener, count: usize) -> Result<usize, Box<dyn Error>> {
    let mut sent = 0;
    let mut answer = [0; 4_096];
    while sent < count {
        for connection in &mut listener.connections {
            connection.write_all(&listener.requests[listener.next % listener.requests.len()])?;
            listener.next += 1;
        }
        for connection in &mut listener.connections {
            let mut size = 0;
            while !answer[..size].ends_with(b"\r\n\r\n") {
                match connection.read(&mut answer[size..])? {
                    0 => return Err(format!("{}: a connection was closed", listener.name).into()),
                    more => size += more,
                }
            }
            if !answer.starts_with(b"HTTP/1.1 200") {
                let answer = String::from_utf8_lossy(&answer[..size]).into_owned();
                return Err(format!("{}: {answer}", listener.name).into());
            }
            sent += 1;
        }
    }
    Ok(sent)
}

/// Of all threads of a process, in nanoseconds.
fn processor_time(pid: &str) -> Result<f64, Box<dyn Error>> {
    let mut sum = 0.0;
    for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let statistics = std::fs::read_to_string(task?.path().join("schedstat"))?;
        sum += statistics.split(' ').next().unwrap_or_default().parse::<f64>()?;
    }
    Ok(sum)
}
