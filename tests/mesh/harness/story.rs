//! Stories: one function each, told one after the other to the same cluster. One that fails does not end the others.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Instant;

/// Whether a story of this name is wanted.
pub type Wanted<'a> = &'a dyn Fn(&str) -> bool;

/// What holds, and the function that shows it.
pub struct Story<C> {
    pub name: &'static str,
    pub tell: fn(&C),
}

/// A story of the platform in the module of its name: `story!("istio", plugin::a_good_token_passes)`.
#[macro_export]
macro_rules! stories {
    ($platform:literal: $($module:ident::{$($name:ident),+ $(,)?}),+ $(,)?) => {
        &[$($($crate::harness::story::Story {
            name: concat!($platform, "::", stringify!($module), "::", stringify!($name)),
            tell: $module::$name,
        }),+),+]
    };
}

/// How the stories of a platform went.
#[derive(Default)]
pub struct Outcome {
    passed: usize,
    failed: Vec<String>,
    left_out: usize,
}

/// Builds the cluster and tells it the wanted stories.
pub fn tell_all<C>(stories: &[Story<C>], wanted: Wanted<'_>, build: impl FnOnce() -> C) -> Outcome {
    let mut outcome = Outcome::default();
    let chosen: Vec<&Story<C>> = stories.iter().filter(|story| wanted(story.name)).collect();
    outcome.left_out = stories.len() - chosen.len();
    let Ok(cluster) = catch_unwind(AssertUnwindSafe(build)) else {
        outcome.failed = chosen.iter().map(|story| story.name.to_owned()).collect();
        return outcome;
    };
    for story in chosen {
        let begin = Instant::now();
        println!("story {} …", story.name);
        let told = catch_unwind(AssertUnwindSafe(|| (story.tell)(&cluster)));
        let seconds = begin.elapsed().as_secs_f32();
        match told {
            Ok(()) => outcome.passed += 1,
            Err(_) => outcome.failed.push(story.name.to_owned()),
        }
        println!("test {} ... {} ({seconds:.1} s)", story.name, if told.is_ok() { "ok" } else { "FAILED" });
    }
    outcome
}

impl Outcome {
    /// Whether something was tried and nothing failed.
    pub fn green(&self) -> bool {
        self.failed.is_empty() && self.passed > 0
    }

    /// The lines that Rust's harness would end with.
    pub fn report(&self, folder: &Path) {
        if !self.failed.is_empty() {
            println!("\nfailures:");
            self.failed.iter().for_each(|name| println!("    {name}"));
            println!("logs of all parts: {}", folder.display());
        }
        let (result, passed, failed) =
            (if self.green() { "ok" } else { "FAILED" }, self.passed, self.failed.len());
        println!(
            "\ntest result: {result}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {} filtered out",
            self.left_out
        );
    }
}
