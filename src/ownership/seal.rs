//! Seals: the first half of a MAC over everything that says which resource is meant, and whose it is.

use super::identifier::{self, SEAL_LENGTH};
use crate::mac_key::MacKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What is made with the operator's secret is told apart by this.
const PURPOSE: &[u8] = b"eec_authn seal 1";

/// The bytes of the MAC that a seal shows.
const SHOWN: usize = 16;

/// Who owns resources, and where they are: all that a seal covers beside the identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner<'a> {
    /// The host that the resource is named at, in lower case.
    pub fqdn: &'a str,
    /// The path before the API name, without a slash at its end.
    pub api_root: &'a str,
    /// The API name; each has one collection.
    pub api: &'a str,
    /// The entitlement server that vouches for the EEC ID, in one spelling.
    pub issuer: &'a str,
    /// The client.
    pub eec_id: &'a str,
}

impl Owner<'_> {
    /// The seal of the resource `id`, to stand behind it, with its dot.
    pub fn seal(&self, key: &MacKey, id: &[u8]) -> String {
        let mac = key.mac(&self.parts(&identifier::in_one_spelling(id)));
        let shown = mac.first_chunk::<SHOWN>().map_or(&[][..], |shown| shown);
        format!(".{}", URL_SAFE_NO_PAD.encode(shown))
    }

    /// The first of `keys` under which `seal` (without its dot) is this owner's for the resource `id`.
    pub fn opens(&self, keys: &[MacKey], id: &[u8], seal: &[u8]) -> Option<usize> {
        let given = URL_SAFE_NO_PAD.decode(seal).ok().filter(|given| given.len() == SHOWN)?;
        if id.is_empty() || seal.len() != SEAL_LENGTH {
            return None;
        }
        let id = identifier::in_one_spelling(id);
        keys.iter().position(|key| key.verifies(&self.parts(&id), &given))
    }

    fn parts<'b>(&'b self, id: &'b [u8]) -> [&'b [u8]; 7] {
        let Owner { fqdn, api_root, api, issuer, eec_id } = *self;
        let [fqdn, api_root, api, issuer, eec_id] = [fqdn, api_root, api, issuer, eec_id].map(str::as_bytes);
        [PURPOSE, fqdn, api_root, api, issuer, eec_id, id]
    }
}
