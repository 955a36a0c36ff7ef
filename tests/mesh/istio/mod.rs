//! Istio: a real istiod and real sidecars (`pilot-agent` with a stock Envoy). A `Sidecar` with an `ingress` stands in for iptables, a
//! `WorkloadEntry` for the pod.

mod beside;
mod gateway;
mod images;
mod keys;
pub mod mesh;
pub mod options;
mod plugin;
mod pods;
mod pushes;
mod redirected;
mod resources;
pub mod sidecar;

use crate::harness::story::{Outcome, Story, Wanted, tell_all};
use crate::harness::{Platform, Run};
use crate::stories;
use mesh::Mesh;

/// The platform.
pub const PLATFORM: Platform = Platform { name: "istio", stories: names, tell };

const STORIES: &[Story<Mesh>] = stories!["istio":
    plugin::{
        a_wasm_plugin_as_shipped,
        a_traffic_extension_as_shipped,
        an_envoy_filter_as_shipped_holds_headers_back,
        what_render_prints,
        istioctl_finds_nothing,
        a_signed_image_is_fetched,
    },
    beside::{
        an_authorization_policy_sees_verified_headers_alone,
        the_servers_own_calls_need_no_token,
        the_access_log_says_why,
        other_plugins_run_before_and_after,
        a_trap_costs_one_request,
    },
    gateway::{
        a_gateway_by_target_refs,
        a_gateways_token_bound_to_a_certificate_passes_with_it_alone,
    },
    redirected::{
        nothing_that_istio_does_not_take_for_http_passes_with_the_policy,
    },
    keys::{
        keys_are_fetched_from_the_server_of_that_name_alone,
    },
    pods::{
        nothing_passes_before_a_slow_registry_has_answered,
        what_one_sidecar_has_sealed_another_takes_during_a_rotation_of_the_secret,
        rolling_out_one_workload_first,
        the_old_filter_goes_on_while_a_new_image_is_fetched,
        a_configuration_that_is_wrong_from_the_start_lets_nothing_pass,
    },
    images::{
        another_image_under_the_tag_is_run_by_its_tag_alone,
        a_module_that_is_kept_needs_no_registry_and_one_that_has_expired_does,
        a_registry_that_has_no_tls_is_asked_without,
        a_private_registry_needs_a_realm_that_is_an_address,
    },
    pushes::{
        a_revocation_under_load_holds_at_once_and_loses_nothing,
        a_rotation_and_an_upgrade_under_load_lose_nothing,
        a_refused_configuration_leaves_the_last_good_one_and_the_alert_fires,
        an_image_that_cannot_be_had_denies_everything_and_the_way_out_works,
        an_image_with_another_layer_is_not_run,
        from_one_kind_to_another_nothing_passes_unchecked,
    },
];

fn names() -> Vec<String> {
    STORIES.iter().map(|story| story.name.to_owned()).collect()
}

fn tell(run: &Run, wanted: Wanted<'_>) -> Outcome {
    tell_all(STORIES, wanted, || Mesh::start(run))
}
