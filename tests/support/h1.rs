//! A raw HTTP/1.1 client: sends any bytes, reads one response strictly.

use super::request::{Request, Response, latin1};
use std::io::{BufRead, BufReader, Error, Read, Result, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// One connection to Envoy.
pub struct H1 {
    reader: BufReader<TcpStream>,
}

impl H1 {
    /// Connects; reads that bring nothing for 20 seconds fail.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.set_nodelay(true)?;
        Ok(Self { reader: BufReader::new(stream) })
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    /// Sends no more, still reads.
    pub fn finish_sending(&mut self) -> Result<()> {
        self.reader.get_ref().shutdown(Shutdown::Write)
    }

    /// Whether nothing arrives within `wait`: for cases that must not be answered yet.
    pub fn is_silent_for(&mut self, wait: Duration) -> bool {
        let _ = self.reader.get_ref().set_read_timeout(Some(wait));
        let silent = matches!(self.reader.fill_buf(), Err(e) if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut));
        let _ = self.reader.get_ref().set_read_timeout(Some(Duration::from_secs(20)));
        silent
    }

    /// Reads one response, past any `100 Continue`; `head`: the request was a HEAD, so no body follows.
    pub fn response(&mut self, head: bool) -> Result<Response> {
        loop {
            let response = self.any_response(head)?;
            if response.status != 100 {
                return Ok(response);
            }
        }
    }

    /// Reads one response, interim ones included.
    pub fn any_response(&mut self, head: bool) -> Result<Response> {
        let line = self.line()?;
        let status = line.split(' ').nth(1).and_then(|s| s.parse().ok());
        let status = status.ok_or_else(|| Error::other(format!("bad status line {line:?}")))?;
        let mut response = Response { status, headers: self.fields()?, ..Response::default() };
        response.closes = response.one("connection") == Some("close");
        let value = |name| response.one(name).map(str::to_owned);
        if head || status < 200 || status == 204 || status == 304 {
            return Ok(response);
        }
        if value("transfer-encoding").is_some() {
            loop {
                let size = usize::from_str_radix(&self.line()?, 16).map_err(Error::other)?;
                if size == 0 {
                    break;
                }
                let start = response.body.len();
                response.body.resize(start + size, 0);
                self.reader.read_exact(&mut response.body[start..])?;
                self.line()?;
            }
            response.trailers = self.fields()?;
        } else if let Some(length) = value("content-length") {
            response.body.resize(length.parse().map_err(Error::other)?, 0);
            self.reader.read_exact(&mut response.body)?;
        } else {
            self.reader.read_to_end(&mut response.body)?;
        }
        Ok(response)
    }

    /// Reads just as many bytes, whatever they are.
    pub fn read_exact(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.reader.read_exact(bytes)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line)?;
        match line.strip_suffix(b"\r\n") {
            Some(line) => Ok(latin1(line)),
            None => Err(Error::other(format!("connection ended after {:?}", latin1(&line)))),
        }
    }

    fn fields(&mut self) -> Result<Vec<(String, String)>> {
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(fields);
            }
            let (name, value) =
                line.split_once(':').ok_or_else(|| Error::other(format!("bad field {line:?}")))?;
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
}

/// The request as bytes: chunked if it has trailers, else with `Content-Length` if it has a body.
pub fn bytes_of(request: &Request) -> Vec<u8> {
    let mut out = Vec::new();
    let field = |out: &mut Vec<u8>, name: &str, value: &[u8]| {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    };
    out.extend_from_slice(request.method.as_bytes());
    out.push(b' ');
    out.extend_from_slice(&request.path);
    out.extend_from_slice(b" HTTP/1.1\r\n");
    if let Some(authority) = &request.authority {
        field(&mut out, "host", authority);
    }
    field(&mut out, "x-case", request.case.as_bytes());
    for (name, value) in &request.headers {
        field(&mut out, name, value);
    }
    let body = request.body.as_deref();
    if request.trailers.is_empty() {
        if let Some(body) = body {
            field(&mut out, "content-length", body.len().to_string().as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(body.unwrap_or_default());
    } else {
        field(&mut out, "transfer-encoding", b"chunked");
        out.extend_from_slice(b"\r\n");
        if let Some(body) = body.filter(|b| !b.is_empty()) {
            out.extend_from_slice(format!("{:x}\r\n", body.len()).as_bytes());
            out.extend_from_slice(body);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"0\r\n");
        for (name, value) in &request.trailers {
            field(&mut out, name, value);
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// Sends one request on a connection of its own and reads the answer.
pub fn exchange(address: SocketAddr, request: &Request) -> Result<Response> {
    let mut connection = H1::connect(address)?;
    // Envoy may answer and close before it has taken the whole request: the answer is what counts.
    let sent = connection.send(&bytes_of(request));
    connection.response(request.method == "HEAD").map_err(|e| match sent {
        Ok(()) => e,
        Err(sent) => Error::other(format!("{e}; sending: {sent}")),
    })
}
