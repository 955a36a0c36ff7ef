//! Shipped resources with what only the operator knows filled in: where the registry is, the digest of the image, the key.

use super::images::Images;
use crate::fixture::shipped::{adapt, read};
use crate::support::token::Key;
use serde_json::json;

const DIGEST: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const KEY: &str = "x-5Z0PJQhLlnyPNtvyP_-4QZNmOb1OuNXgrZgUOn4pI";

/// The text of a shipped resource, filled in.
pub fn text(path: &str, images: &Images, key: &Key) -> String {
    adapt(
        &read(path),
        &[
            ("registry.example.net", &images.address.to_string()),
            (DIGEST, &images.digest),
            (KEY, &key.x()),
            ("\"2026-10\"", &json!(key.kid).to_string()),
        ],
    )
}
