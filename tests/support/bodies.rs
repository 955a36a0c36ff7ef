//! What the tests of bodies share: one client and a fixture in either mode.

use super::fixture::{Fixture, ISSUER, config};
use super::token::{Key, claims_with};
use serde_json::{Value, json};

/// A collection whose items name an EEC in their body.
pub const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";

/// The identity headers of [`token`].
pub const IDENTITY: [(&str, &str); 3] =
    [("x-eec-id", "eec-1"), ("x-eec-gpsi", "msisdn-1"), ("x-eec-issuer", ISSUER)];

/// A token of the client `eec-1`, which has a GPSI.
pub fn token() -> String {
    Key::new(1).token(&claims_with(json!({"gpsi": "msisdn-1"})))
}

/// A fixture in one of the two modes; with `hold` the upstream sees nothing of a denied request.
pub fn fixture(hold: bool, changes: impl FnOnce(&mut Value)) -> Fixture {
    let mut filter = config(&[&Key::new(1)]);
    filter["body"] = json!({"hold_headers": hold});
    changes(&mut filter);
    Fixture::start_with(&filter, |setup| if hold { setup.stop_iteration(true) } else { setup })
}
