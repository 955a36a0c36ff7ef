//! Envoy Gateway: the real controller with its Kubernetes provider. It writes a Deployment for its Envoys; the test is the kubelet that
//! starts one from it.

mod edge;
mod images;
mod policy;
mod proxy;
mod pushes;
mod system;
mod traps;

use crate::harness::story::{Outcome, Story, Wanted, tell_all};
use crate::harness::{Platform, Run};
use crate::stories;
use edge::Edge;

/// The platform.
pub const PLATFORM: Platform = Platform { name: "envoy_gateway", stories: names, tell };

const STORIES: &[Story<Edge>] = stories!["envoy_gateway":
    policy::{
        a_policy_as_shipped,
        the_patches_as_shipped_hold_headers_back_and_leave_paths_alone,
        the_access_log_says_why_and_statistics_have_labels,
        what_render_prints,
        a_route_without_the_policy_is_open,
        a_rewrite_is_behind_the_filter,
        a_token_bound_to_a_certificate_passes_with_it_alone,
    },
    traps::{
        a_trap_lets_nothing_pass_until_the_next_push,
        with_the_patches_a_trap_costs_one_request,
    },
    images::{
        another_image_under_the_tag_is_run_by_its_tag_alone,
        a_controller_that_starts_while_the_registry_is_away_denies_everything,
    },
    pushes::{
        a_revocation_under_load_takes_one_more_request_of_each_connection,
        a_rotation_and_an_upgrade_under_load_lose_nothing,
        a_refused_configuration_leaves_the_last_good_one_and_the_alert_fires,
        an_image_that_cannot_be_had_denies_everything_and_the_way_out_works,
        an_image_with_another_layer_is_not_run,
        a_first_policy_that_is_refused_leaves_the_gateway_open,
        rolling_out_one_route_first,
    },
];

fn names() -> Vec<String> {
    STORIES.iter().map(|story| story.name.to_owned()).collect()
}

fn tell(run: &Run, wanted: Wanted<'_>) -> Outcome {
    tell_all(STORIES, wanted, || Edge::start(run))
}
