//! HTTP/2 frames by hand, for header bytes that no library lets through.
//!
//! Every field is an HPACK literal without indexing and without Huffman coding (RFC 7541, 6.2.2), so any byte can
//! be sent. Responses are not decoded: what Envoy made of the request stands in its access log.

use super::request::Request;
use std::io::{Error, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How Envoy ended the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With response headers (and whatever follows).
    Answered,
    /// With RST_STREAM.
    Reset,
    /// With GOAWAY or by closing the connection.
    Closed,
}

/// Sends the request without its body, as a whole stream; a `None` authority sends no `:authority`.
pub fn exchange(address: SocketAddr, request: &Request) -> Result<Ended> {
    let mut block = Vec::new();
    field(&mut block, b":method", request.method.as_bytes());
    field(&mut block, b":scheme", b"http");
    field(&mut block, b":path", &request.path);
    if let Some(authority) = &request.authority {
        field(&mut block, b":authority", authority);
    }
    field(&mut block, b"x-case", request.case.as_bytes());
    for (name, value) in &request.headers {
        field(&mut block, name.as_bytes(), value);
    }
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")?;
    frame(&mut stream, 4, 0, 0, b"")?;
    let mut pieces = block.chunks(16_384).peekable();
    let mut kind = 1;
    while let Some(piece) = pieces.next() {
        // END_STREAM on HEADERS, END_HEADERS on the last of HEADERS and CONTINUATION.
        let flags = u8::from(kind == 1) | if pieces.peek().is_none() { 4 } else { 0 };
        frame(&mut stream, kind, flags, 1, piece)?;
        kind = 9;
    }
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).is_err() {
            return Ok(Ended::Closed);
        }
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        stream.read_exact(&mut vec![0; length])?;
        match (head[3], u32::from_be_bytes([head[5], head[6], head[7], head[8]])) {
            (1, 1) => return Ok(Ended::Answered),
            (3, 1) => return Ok(Ended::Reset),
            (7, _) => return Ok(Ended::Closed),
            _ => {}
        }
    }
}

fn frame(stream: &mut TcpStream, kind: u8, flags: u8, id: u32, payload: &[u8]) -> Result<()> {
    let length = u32::try_from(payload.len()).map_err(Error::other)?.to_be_bytes();
    let mut out = vec![length[1], length[2], length[3], kind, flags];
    out.extend_from_slice(&id.to_be_bytes());
    out.extend_from_slice(payload);
    stream.write_all(&out)
}

fn field(block: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    block.push(0);
    string(block, name);
    string(block, value);
}

/// A length as a 7-bit prefix integer (RFC 7541, 5.1), then the bytes.
fn string(block: &mut Vec<u8>, bytes: &[u8]) {
    let mut rest = bytes.len();
    if rest < 127 {
        block.push(rest as u8);
    } else {
        block.push(127);
        rest -= 127;
        while rest >= 128 {
            block.push((rest % 128) as u8 | 128);
            rest /= 128;
        }
        block.push(rest as u8);
    }
    block.extend_from_slice(bytes);
}
