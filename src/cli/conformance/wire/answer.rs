//! An answer, as far as a verdict needs it.

/// How much of a head and of a body is read.
const MOST: usize = 65_536;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Answer {
    /// The status.
    pub(in super::super) status: u16,
    headers: Vec<(String, String)>,
    /// The body as it came, chunks and all: it is only searched.
    body: Vec<u8>,
}

/// How far the bytes so far are an answer.
pub(super) enum Progress {
    /// The head is not complete.
    More,
    /// The head is there, and so many bytes of body are still to come; `None`: as many as there are.
    Head(Answer, Option<usize>),
    /// It is no answer.
    Broken(&'static str),
}

impl Answer {
    /// All values of a header.
    pub(in super::super) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Whether `text` stands anywhere in its headers or its body.
    pub(in super::super) fn contains(&self, text: &str) -> bool {
        self.headers.iter().any(|(_, value)| value.contains(text))
            || self.body.windows(text.len().max(1)).any(|window| window == text.as_bytes())
    }

    /// Reads the head of the final answer; interim ones (1xx) are passed over.
    pub(super) fn read(bytes: &[u8]) -> Progress {
        let mut rest = bytes;
        loop {
            let Some(end) = rest.windows(4).position(|window| window == b"\r\n\r\n") else {
                return if rest.len() > MOST {
                    Progress::Broken("a head of over 64 KiB")
                } else {
                    Progress::More
                };
            };
            let (head, after) = (String::from_utf8_lossy(&rest[..end]), &rest[end + 4..]);
            let mut lines = head.split("\r\n");
            let mut words = lines.next().unwrap_or_default().split(' ');
            let version = words.next().unwrap_or_default();
            let status = words.next().and_then(|word| word.parse().ok());
            let Some(status) = status.filter(|_| version.starts_with("HTTP/1.")) else {
                return Progress::Broken("something that is not HTTP/1.1");
            };
            if (100..200).contains(&status) && status != 101 {
                rest = after;
                continue;
            }
            let fields = lines.filter_map(|line| line.split_once(':'));
            let headers: Vec<(String, String)> =
                fields.map(|(n, v)| (n.trim().to_ascii_lowercase(), visible(v.trim()))).collect();
            let answer = Answer { status, headers, body: after.to_vec() };
            let length = answer.all("content-length").first().and_then(|text| text.parse::<usize>().ok());
            let missing = length.map(|length| length.min(MOST).saturating_sub(after.len()));
            return Progress::Head(answer, if matches!(status, 204 | 304) { Some(0) } else { missing });
        }
    }

    /// More of the body; whether this is all.
    pub(super) fn push(&mut self, bytes: &[u8]) -> bool {
        self.body.extend_from_slice(bytes);
        self.is_complete() || self.body.len() >= MOST
    }

    /// Whether a body without a length has come to its last chunk.
    pub(super) fn is_complete(&self) -> bool {
        !self.all("transfer-encoding").is_empty()
            && (self.body == b"0\r\n\r\n" || self.body.ends_with(b"\r\n0\r\n\r\n"))
    }
}

/// What a target says ends up in a terminal: nothing that steers one.
fn visible(value: &str) -> String {
    value.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> (Answer, Option<usize>) {
        match Answer::read(text.as_bytes()) {
            Progress::Head(answer, missing) => (answer, missing),
            Progress::More => panic!("more is wanted"),
            Progress::Broken(why) => panic!("{why}"),
        }
    }

    #[test]
    fn answers() {
        let (answer, missing) = head(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"a\"\r\nContent-Length: 5\r\n\r\nab",
        );
        assert_eq!((answer.status, missing), (401, Some(3)));
        assert_eq!(answer.all("www-authenticate"), ["Bearer realm=\"a\""]);
        assert!(answer.contains("ab") && answer.contains("realm") && !answer.contains("abc"));
        let (steering, _) = head("HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer \u{1b}[2J\r\n\r\n");
        assert_eq!(steering.all("www-authenticate"), ["Bearer \u{fffd}[2J"]);
        assert_eq!(head("HTTP/1.1 204 No Content\r\n\r\n").1, Some(0));
        let (mut chunked, missing) = head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
        assert_eq!((missing, chunked.is_complete()), (None, false));
        assert!(chunked.push(b"0\r\n\r\n"));
        assert!(matches!(Answer::read(b"HTTP/1.1 200 OK\r\n"), Progress::More));
        assert!(matches!(Answer::read(b"SSH-2.0-x\r\n\r\n"), Progress::Broken(_)));
    }
}
