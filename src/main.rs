//! `eec-authn`: the core of the filter on the command line, and an entitlement server for tests.

#![forbid(unsafe_code)]

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
