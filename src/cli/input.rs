//! What is given as an argument, in a file, or on standard input.

use super::failure::Failure;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

/// The name under which standard input goes.
const STDIN: &str = "-";

/// What stands before a token or a proof in a header.
const SCHEMES: [&str; 3] = ["Authorization", "Bearer", "DPoP"];

/// An argument that is the text itself, `@FILE`, or `-` for standard input. Nothing at all is a mistake, such as a variable
/// of the shell that is not set.
fn text(argument: &str) -> Result<String, Failure> {
    let (text, what) = match argument.strip_prefix('@') {
        Some("") => return Err(Failure::new("`@` names no file; write @FILE")),
        Some(path) => (file(Path::new(path))?, path),
        None if argument == STDIN => (file(Path::new(STDIN))?, "standard input"),
        // No text that is asked for is at once the name of a file.
        None if Path::new(argument).is_file() => {
            return Err(Failure::new(format!("`{argument}` is a file; @FILE reads one: write @{argument}")));
        }
        None => (argument.to_owned(), "the argument"),
    };
    if text.trim().is_empty() {
        return Err(Failure::new(format!(
            "{what} is empty; give the text, @FILE, or `-` for standard input"
        )));
    }
    Ok(text)
}

/// A token or a proof, as [`text`], without the white space around it; with the scheme of the header that it came in it is none.
pub(crate) fn token(argument: &str) -> Result<String, Failure> {
    let text = text(argument)?;
    let mut token = text.trim();
    let mut scheme = None;
    while let Some((first, rest)) = token.split_once(|c: char| c.is_ascii_whitespace() || c == ':')
        && SCHEMES.iter().any(|scheme| first.eq_ignore_ascii_case(scheme))
    {
        (scheme, token) = (Some(first), rest.trim_start());
    }
    match scheme {
        Some(scheme) => Err(Failure::new(format!(
            "give what comes behind `{scheme}` alone: the token, or the proof, itself"
        ))),
        None => Ok(token.to_owned()),
    }
}

/// The text in a file.
pub(crate) fn file(path: &Path) -> Result<String, Failure> {
    String::from_utf8(bytes(path)?).map_err(|error| {
        // A SEQUENCE: of 128 bytes or more, or of as many as follow.
        let is_der = match error.as_bytes() {
            [0x30, 0x81..=0x84, ..] => true,
            [0x30, length, rest @ ..] => rest.len() == usize::from(*length),
            _ => false,
        };
        let remedy = if is_der {
            "; it may be DER: `openssl x509 -inform der` makes PEM of a certificate, `openssl pkey -pubin -inform der` of a public key"
        } else {
            ""
        };
        Failure::new(format!("cannot read {}: it is not text in UTF-8{remedy}", path.display()))
    })
}

/// Whether what was given as a file is rather what should be in it: JSON or PEM.
fn is_text(path: &Path) -> bool {
    path.to_string_lossy().trim_start().starts_with(['{', '[', '"'])
        || path.to_string_lossy().contains("-----BEGIN")
}

/// What is in a file.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    if path.as_os_str() == STDIN {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(Failure::because("cannot read standard input"))?;
        return Ok(bytes);
    }
    std::fs::read(path).map_err(|error| {
        let remedy = match error.kind() {
            ErrorKind::IsADirectory => "; name a file in it",
            ErrorKind::PermissionDenied => "; let this user read it",
            ErrorKind::NotFound | ErrorKind::InvalidFilename if is_text(path) => {
                "; this wants a file, and not the text itself"
            }
            _ => "",
        };
        Failure::new(format!("cannot read {}: {error}{remedy}", path.display()))
    })
}
