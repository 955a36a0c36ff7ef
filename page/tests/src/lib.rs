//! The page in a browser: the command line serves it, chromedriver drives Chromium, and a [`Page`] is what a test holds.
//!
//! Three variables say where things are; `make test-page` sets them. What is missing fails the test and says so.

// Tests are outside the core: they have a clock, files and an environment.
#![allow(clippy::disallowed_methods)]

mod command_line;
mod driver;
mod page;

pub use command_line::{CommandLine, Server, root};
pub use driver::Driver;
pub use page::{Page, Scheme, with_page, with_page_at, with_page_in_a_new_browser};

/// What a variable says, or how to get it.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run `make test-page`, which builds what the tests need")
    })
}
