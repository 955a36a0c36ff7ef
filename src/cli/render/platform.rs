//! What loads the filter.

use clap::ValueEnum as _;

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Platform {
    /// An HTTP filter for an Envoy configuration.
    Envoy,
    /// A WasmPlugin or TrafficExtension, or for `body.hold_headers` an EnvoyFilter.
    Istio,
    /// An EnvoyExtensionPolicy.
    EnvoyGateway,
}

impl Platform {
    /// Its name on the command line.
    pub(super) fn word(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}
