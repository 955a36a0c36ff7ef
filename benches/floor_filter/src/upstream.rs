//! What a request takes along.

use crate::host;

const HEADERS: [(&str, &str); 4] = [
    ("x-eec-id", "eec-000001"),
    ("x-eec-gpsi", "msisdn-491700000001"),
    ("x-eec-issuer", "aes.mnc001.mcc001.pub.3gppnetwork.org"),
    ("x-eec-token-id", "00000000000000000000000000000001"),
];

/// Makes the changes to its headers.
pub fn go() {
    host::remove_header("authorization");
    for (name, value) in HEADERS {
        host::add_header(name, value);
    }
}
