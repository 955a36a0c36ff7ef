//! A signed release, and what a stranger does with it. No mesh: a registry and `cosign`.

mod made;
mod signatures;

use crate::harness::story::{Outcome, Story, Wanted, tell_all};
use crate::harness::{Platform, Run};
use crate::stories;
use made::Release;
pub use made::key_pair;

/// The platform.
pub const PLATFORM: Platform = Platform { name: "release", stories: names, tell };

const STORIES: &[Story<Release>] = stories!["release":
    signatures::{
        the_page_verifies_a_release,
        the_page_puts_the_image_into_another_registry,
        a_changed_byte_is_refused,
        a_file_that_is_missing_is_refused,
        signatures_of_other_files_are_refused,
        an_older_release_is_refused,
        what_is_signed_again_verifies,
        another_key_is_refused,
        an_image_without_a_signature_is_refused,
    },
];

fn names() -> Vec<String> {
    STORIES.iter().map(|story| story.name.to_owned()).collect()
}

fn tell(run: &Run, wanted: Wanted<'_>) -> Outcome {
    tell_all(STORIES, wanted, || Release::make(run))
}
