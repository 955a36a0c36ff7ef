//! Not stories but measures, told by the same harness (`make bench-fleet`): how long a key takes to a whole fleet, and what the filter costs
//! in a sidecar beside Istio's own way. The numbers go to a file, which `benches/fleet.py` makes the tables of `docs/scale.md` from.

mod pushes;
mod sidecar;

use crate::harness::story::{Outcome, Story, Wanted, tell_all};
use crate::harness::{Platform, Run};
use crate::istio::mesh::Mesh;
use crate::stories;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// The platform.
pub const PLATFORM: Platform = Platform { name: "fleet", stories: names, tell };

const STORIES: &[Story<Mesh>] = stories!["fleet":
    pushes::{a_key_to_a_whole_fleet},
    sidecar::{beside_istios_own_way},
];

/// Names the file for the numbers: without it nothing is measured.
const RESULTS: &str = "EEC_AUTHN_FLEET";

/// Whether this run measures, and tests nothing.
pub fn wanted() -> bool {
    std::env::var_os(RESULTS).is_some()
}

fn names() -> Vec<String> {
    STORIES.iter().map(|story| story.name.to_owned()).collect()
}

fn tell(run: &Run, wanted: Wanted<'_>) -> Outcome {
    tell_all(STORIES, wanted, || Mesh::start(run))
}

/// Puts numbers into the file, beside those that are there.
fn results(name: &str, numbers: Value) {
    let file = PathBuf::from(std::env::var_os(RESULTS).expect("EEC_AUTHN_FLEET names a file"));
    let mut all: Value =
        fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or(json!({}));
    let load = fs::read_to_string("/proc/loadavg").expect("the load of the machine");
    all["load_after"] = json!(load.split(' ').next().and_then(|one| one.parse::<f64>().ok()));
    all[name] = numbers;
    fs::write(file, format!("{all:#}\n")).expect("a file");
}

/// How often something is measured: a few times by hand, more for the page.
fn count(variable: &str, usual: usize) -> usize {
    std::env::var(variable).map_or(usual, |text| text.parse().expect("a number"))
}
