//! Who appears in the demo. Names are of example domains, the number is one kept for fiction.

/// The EES's API that the demo calls (TS 24.558).
pub(super) const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";
/// A path of that EES which is no operation of TS 24.558.
pub(super) const NO_OPERATION: &str = "/eees-eecregistration/v1/statistics";
/// The client.
pub(super) const EEC_ID: &str = "eec-0001.vehicles.example.com";
/// Its subscriber.
pub(super) const GPSI: &str = "msisdn-447700900123";
/// The client it would like to be.
pub(super) const OTHER_EEC_ID: &str = "eec-0002.vehicles.example.com";
/// An EES that is not the one in front of which the filter stands.
pub(super) const OTHER_EES: &str = "ees2.edge.example.net";
/// What is said where a filter JSON of the demo is wrong.
pub(super) const FILTER_JSON: &str = "the demo's filter JSON";
/// The characters of a seal (`docs/contract.md#ownership`).
pub(super) const SEAL: usize = 22;
