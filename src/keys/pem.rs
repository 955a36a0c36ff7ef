//! PEM (RFC 7468), read strictly: one block, nothing around it.

use super::error::KeyError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The blocks that can be pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    PublicKey,
    Certificate,
}

impl Label {
    fn name(self) -> &'static str {
        match self {
            Label::PublicKey => "PUBLIC KEY",
            Label::Certificate => "CERTIFICATE",
        }
    }
}

/// The bytes of the one block in `text`, which must have the wanted label.
pub(super) fn read(text: &str, wanted: Label) -> Result<Vec<u8>, KeyError> {
    let wrong = |message: String| Err(KeyError::invalid("", message));
    let want = wanted.name();
    let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
    let labels: Vec<&str> = lines.iter().filter_map(|line| label(line)).collect();
    if text.contains("PRIVATE KEY-----") {
        return wrong(
            "is private key material, which must not be in the configuration; give the public key alone, and \
             replace the key pair if this file was shared"
                .into(),
        );
    }
    match labels.as_slice() {
        [] if text.contains("-----BEGIN ") => {
            return wrong(
                "has lost its line breaks; write them as `\\n` in JSON, or use a YAML block (`|`)".into(),
            );
        }
        [] => {
            let what = match text {
                url if url.starts_with("https://") || url.starts_with("http://") => {
                    "is a URL, and nothing is fetched from there; \"jwks_remote\" fetches a key set, PEM stands here itself"
                }
                file if file.starts_with(['/', '.', '@']) || file.ends_with(".pem") => {
                    "is the name of a file, which the proxy does not read; give what is in it"
                }
                _ => "is not PEM",
            };
            return wrong(format!("{what}; it must begin with a line `-----BEGIN {want}-----`"));
        }
        [one] if *one == want => {}
        [other] => return wrong(format!("has a block {other:?}; {}", remedy(other, wanted))),
        chain if wanted == Label::Certificate && chain.iter().all(|label| *label == want) => {
            return wrong(format!(
                "has {} certificates; keep that of the server which signs the tokens, mostly the first, and leave out those \
                 that vouch for it: it is pinned, so nobody asks them",
                chain.len()
            ));
        }
        many => return wrong(format!("has {} PEM blocks; give one, each key its own entry", many.len())),
    }
    let body = match lines.as_slice() {
        [first, body @ .., last]
            if *first == format!("-----BEGIN {want}-----") && *last == format!("-----END {want}-----") =>
        {
            body.concat()
        }
        _ => {
            return wrong(format!(
                "must be the lines from `-----BEGIN {want}-----` to `-----END {want}-----` only"
            ));
        }
    };
    match STANDARD.decode(body) {
        Ok(der) => Ok(der),
        Err(_) => wrong("has a body that is not base64; copy the whole block with its line breaks".into()),
    }
}

/// The label in a line that begins a block.
fn label(line: &str) -> Option<&str> {
    let label = line.trim_start().strip_prefix("-----BEGIN ")?.strip_suffix("-----")?;
    (!label.contains("-----")).then_some(label)
}

fn remedy(label: &str, wanted: Label) -> String {
    match (label, wanted) {
        ("CERTIFICATE", _) => "use `certificate_pem` for it".into(),
        ("PUBLIC KEY", _) => "use `public_key_pem` for it".into(),
        ("RSA PUBLIC KEY", _) => "convert it with `openssl rsa -RSAPublicKey_in -pubout`".into(),
        (_, wanted) => format!("give a block {:?}", wanted.name()),
    }
}
