//! The forms in which platforms export the statistics, and the histories that are played through.

/// What of the statistics differs from nothing at all, as series of `promtool` by the minute. `trap`, `reload_…`, `refused`, `taken`, `proxy.…` and
/// `server.…` are Envoy's own; the rest are names of the contract.
pub(super) type Changed = [(&'static str, &'static str)];

/// Before a name: the statistic of the other server in the same Envoy. Where configurations have no name there is no such
/// server, and no such case.
pub(super) const OTHER: &str = "ecs1:";

/// How a platform exports the statistics.
pub(super) struct Form {
    /// Whether every alert is played through in it.
    pub(super) full: bool,
    /// For messages.
    pub(super) platform: &'static str,
    /// The `name` of the configuration.
    pub(super) name: Option<&'static str>,
    /// Whether the bootstrap makes labels.
    pub(super) labels: bool,
    /// Envoy's counter of new VMs, and the label that comes of it.
    pub(super) trap: (&'static str, &'static str),
    /// Envoy's counter of refused configurations, and the label that comes of it.
    pub(super) refused: (&'static str, Option<&'static str>),
}

pub(super) const FORMS: &[Form] = &[
    Form {
        full: true,
        platform: "envoy/sidecar",
        name: Some("ees1"),
        labels: true,
        trap: ("envoy_wasm_eec_authn_vm_reload_success", "eec_authn"),
        refused: ("envoy_extension_config_discovery_http_filter_eec_authn_config_fail", Some("eec_authn")),
    },
    Form {
        full: false,
        platform: "Envoy with neither name nor labels",
        name: None,
        labels: false,
        trap: ("envoy_wasm_eec_authn_vm_reload_success", "eec_authn"),
        refused: ("envoy_extension_config_discovery_http_filter_eec_authn_config_fail", Some("eec_authn")),
    },
    Form {
        full: true,
        platform: "Istio, WasmPlugin",
        name: None,
        labels: false,
        trap: (
            "envoy_wasm_edge_eec_authn_istio_translated_wasmplugin_vm_reload_success",
            "edge_eec_authn_istio_translated_wasmplugin",
        ),
        refused: (
            "envoy_extension_config_discovery_http_filter_extensions_istio_io_wasmplugin_edge_eec_authn_config_fail",
            Some("extensions_istio_io_wasmplugin_edge_eec_authn"),
        ),
    },
    Form {
        full: false,
        platform: "Istio, TrafficExtension",
        name: Some("ees1"),
        labels: false,
        trap: ("envoy_wasm_edge_eec_authn_vm_reload_success", "edge_eec_authn"),
        refused: (
            "envoy_extension_config_discovery_http_filter_extensions_istio_io_trafficextension_edge_eec_authn_config_fail",
            Some("extensions_istio_io_trafficextension_edge_eec_authn"),
        ),
    },
    Form {
        full: true,
        platform: "Envoy Gateway",
        name: Some("ees1"),
        labels: false,
        trap: ("envoy_wasm_eec_authn_vm_reload_success", "eec_authn"),
        refused: ("envoy_listener_manager_lds_update_rejected", None),
    },
];

/// An alert, whether it fires at that minute, and what has happened.
pub(super) const CASES: &[(&str, bool, u32, &Changed)] = &[
    // A key that was not pinned in time: from the 60th minute on nobody gets in.
    ("AllowedFell", true, 80, &[("allowed", "0+600x60 36000x60"), ("denied.key_unknown", "0x60 0+600x60")]),
    // Gradually, too; and not at once.
    ("AllowedFell", false, 62, &[("allowed", "0+600x60 36000x60"), ("denied.key_unknown", "0x60 0+600x60")]),
    // Clients that go away are no fault; a flood of made-up tokens alone is not either, however large.
    ("AllowedFell", false, 80, &[("allowed", "0+600x60 36000x60")]),
    ("AllowedFell", false, 80, &[("allowed", "0+600x120"), ("denied.key_unknown", "0x60 0+60000x60")]),
    ("AllowedFell", false, 80, &[("denied.token_missing", "0+60000x120")]),
    ("NoDecisions", true, 80, &[("passed_without_token", "0+6x55 330x60"), ("allowed", "0+60x55 3300x60")]),
    ("NoDecisions", false, 80, &[("passed_without_token", "0+6x120"), ("allowed", "0+60x55 3300x60")]),
    ("NoDecisions", false, 80, &[("allowed", "0x120")]),
    // A pod that comes back without the filter.
    ("NoDecisions", true, 80, &[("*", "0+60x55 stale")]),
    ("DeniesMuch", true, 20, &[("allowed", "0+60x60"), ("denied.token_missing", "0+60x60")]),
    ("DeniesMuch", false, 9, &[("allowed", "0+60x60"), ("denied.token_missing", "0+60x60")]),
    ("DeniesMuch", false, 20, &[("allowed", "0+60x60"), ("denied.token_missing", "0+12x60")]),
    ("DeniesMuch", false, 20, &[]),
    ("SignaturesInvalid", true, 20, &[("denied.signature_invalid", "0+66x60")]),
    ("SignaturesInvalid", false, 20, &[("denied.signature_invalid", "0+54x60")]),
    ("SignaturesInvalid", false, 20, &[("denied.signature_invalid", "0+66x60"), ("allowed", "0+6000x60")]),
    ("KeyUnknown", true, 20, &[("denied.key_unknown", "0+4x60"), ("denied.key_not_valid_now", "0+4x60")]),
    ("KeyUnknown", false, 20, &[("denied.key_unknown", "0+4x60")]),
    ("KeyUnknown", false, 20, &[("denied.key_unknown", "0+8x60"), ("allowed", "0+600x60")]),
    (
        "EntitlementServerUnavailable",
        true,
        20,
        &[
            ("online.ok", "0+60x60"),
            ("online.unavailable", "0+6x60"),
            ("online.unavailable.timeout", "0+6x60"),
        ],
    ),
    ("EntitlementServerUnavailable", true, 20, &[("online.unavailable.credentials", "0+1x60")]),
    ("EntitlementServerUnavailable", true, 20, &[("online.unavailable.cluster", "0+1x60")]),
    (
        "EntitlementServerUnavailable",
        false,
        20,
        &[("online.ok", "0+60x60"), ("online.unavailable.status", "0+2x60")],
    ),
    // Opaque tokens that somebody makes up: they are inactive, and meet our own bounds.
    (
        "EntitlementServerUnavailable",
        false,
        20,
        &[
            ("online.inactive", "0+60x60"),
            ("online.unavailable", "0+6000x60"),
            ("online.unavailable.overload", "0+3000x60"),
            ("online.unavailable.cluster", "0+3000x60"),
        ],
    ),
    ("EntitlementServerUnavailable", false, 20, &[]),
    (
        "TooManyQuestions",
        true,
        20,
        &[("online.inactive", "0+60x60"), ("online.unavailable.overload", "0+60x60")],
    ),
    (
        "TooManyQuestions",
        false,
        20,
        &[("online.inactive", "0+60x60"), ("online.unavailable.timeout", "0+60x60")],
    ),
    ("KeysNotFetched", true, 40, &[("jwks.failed", "0+1x60")]),
    ("KeysNotFetched", false, 14, &[("jwks.failed", "0+1x60")]),
    ("KeysNotFetched", false, 40, &[("jwks.failed", "0+1x60"), ("jwks.fetched", "0+1x60")]),
    // The listeners of a proxy fetch for each other: which of them counts a fetch is chance.
    ("KeysNotFetched", false, 30, &[("ecs1:jwks.failed", "0x9 0+1x8 8x60"), ("jwks.fetched", "0+1x60")]),
    ("KeysNotFetched", false, 30, &[("jwks.failed", "0x9 0+1x8 8x60"), ("ecs1:jwks.fetched", "0+1x60")]),
    ("KeysNotFetched", true, 30, &[("jwks.failed", "0x9 0+1x8 8x60")]),
    ("KeysNotFetched", true, 40, &[("jwks.failed", "0+1x60"), ("ecs1:jwks.failed", "0+1x60")]),
    // Seconds, by the minute; another server's keys are fresh.
    ("KeysOld", true, 380, &[("jwks.age_seconds.1", "0+60x400"), ("jwks.age_seconds.0", "300x400")]),
    ("KeysOld", false, 350, &[("jwks.age_seconds.1", "0+60x400")]),
    (
        "KeysMissing",
        true,
        20,
        &[
            ("jwks.keys.1", "0x60"),
            ("jwks.age_seconds.1", "0+60x60"),
            ("jwks.keys.0", "3x60"),
            ("jwks.age_seconds.0", "300x60"),
        ],
    ),
    ("KeysMissing", true, 40, &[("jwks.keys.1", "2x20 0x60"), ("jwks.age_seconds.1", "0+60x60")]),
    ("KeysMissing", false, 20, &[("jwks.keys.1", "1x60"), ("jwks.age_seconds.1", "0+60x60")]),
    // A push has taken the server out of the configuration.
    ("KeysMissing", false, 40, &[("jwks.keys.1", "2x20 0x60"), ("jwks.age_seconds.1", "300x20 0x60")]),
    ("AllowsUnasked", true, 20, &[("online.allowed_unasked", "0+1x60")]),
    ("AllowsUnasked", false, 20, &[("online.ok", "0+60x60")]),
    ("ShadowDenies", true, 30, &[("shadow_denied.token_missing", "0+1x60")]),
    ("ShadowDenies", false, 30, &[("denied.token_missing", "0+1x60")]),
    // Days of 1440 minutes; the other key has no alert of its own, and is not mixed up with it.
    ("KeyEndsSoon", true, 90, &[("key_valid_days.0_1", "13x2000"), ("key_valid_days.0_0", "90x2000")]),
    (
        "KeyEndsSoon",
        true,
        1800,
        &[("key_valid_days.0_1", "13x1439 12x2000"), ("key_valid_days.0_0", "13x9 90x3000")],
    ),
    ("KeyEndsSoon", false, 90, &[("key_valid_days.0_1", "14x2000")]),
    // The last day is a day; then the key is over, or a push has removed it.
    ("KeyEndsSoon", true, 1800, &[("key_valid_days.0_1", "2x1439 1x2000")]),
    ("KeyEndsSoon", false, 90, &[("key_valid_days.0_1", "13x9 0x2000"), ("key_valid_days.0_0", "90x3000")]),
    ("Trapped", true, 20, &[("trap", "0x15 1x45")]),
    ("Trapped", false, 20, &[("trap", "1x60")]),
    // A worker whose VM is gone for good, beside others; and a VM that cannot be replaced.
    ("ProxyRefuses", true, 30, &[("proxy.5xx", "0+6x60"), ("proxy.requests", "0+60x60")]),
    ("ProxyRefuses", true, 30, &[("reload_failure", "0+1x60")]),
    ("ProxyRefuses", true, 30, &[("reload_backoff", "0+6x60")]),
    // The server's own, those that the filter gives, a few of Envoy's, and a trap that is over.
    (
        "ProxyRefuses",
        false,
        30,
        &[("proxy.5xx", "0+60x60"), ("proxy.requests", "0+60x60"), ("server.5xx", "0+60x60")],
    ),
    (
        "ProxyRefuses",
        false,
        30,
        &[
            ("proxy.5xx", "0+60x60"),
            ("proxy.requests", "0+60x60"),
            ("denied.entitlement_unavailable", "0+60x60"),
        ],
    ),
    ("ProxyRefuses", false, 30, &[("proxy.5xx", "0+1x60"), ("proxy.requests", "0+60x60")]),
    ("ProxyRefuses", false, 30, &[("reload_backoff", "0x20 9x40"), ("trap", "0x20 1x40")]),
    ("PushRefused", true, 20, &[("refused", "0x15 1x45")]),
    // It lasts until another one is taken, and begins anew with the next.
    ("PushRefused", true, 55, &[("refused", "0x15 1x45"), ("taken", "1x60")]),
    ("PushRefused", true, 20, &[("refused", "0x15 1x45"), ("taken", "1x17 2x45")]),
    ("PushRefused", false, 55, &[("refused", "0x15 1x45"), ("taken", "1x30 2x30")]),
    ("PushRefused", true, 90, &[("refused", "0x15 1x35 2x60"), ("taken", "1x30 2x80")]),
    // Envoy has started anew, with what it could take; then it counts from there.
    ("PushRefused", false, 55, &[("refused", "0x15 3x15 0x40"), ("taken", "1x60")]),
    ("PushRefused", true, 90, &[("refused", "0x15 3x15 0x15 1x60"), ("taken", "1x110")]),
    ("PushRefused", false, 20, &[("refused", "1x60")]),
    ("NeverConfigured", true, 20, &[("refused", "1x60"), ("taken", "0x60")]),
    ("NeverConfigured", false, 20, &[("refused", "1x60"), ("taken", "1x60")]),
    ("NeverConfigured", false, 20, &[("refused", "0x60"), ("taken", "0x60")]),
    ("ConfigurationsDiffer", true, 20, &[("config.generation", "4711x60")]),
    ("ConfigurationsDiffer", false, 9, &[("config.generation", "4711x60")]),
    ("ConfigurationsDiffer", false, 20, &[("config.generation", "0x4 815x60")]),
];

/// Of the codes those that the alerts name, and those whose names look like other statistics.
pub(super) const CODES: [&str; 8] = [
    "entitlement_unavailable",
    "token_missing",
    "signature_invalid",
    "key_unknown",
    "key_not_valid_now",
    "algorithm_not_allowed",
    "header_not_allowed",
    "route_denied",
];
