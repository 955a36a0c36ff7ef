//! The command line. A verb is one file with an `Args` and a `run`, and one line in `verbs!`.

mod amend;
mod check;
mod clock;
mod completions;
mod conformance;
mod demo;
mod dev_edge_server;
mod dev_entitlement_server;
mod dpop;
mod eec;
mod exit;
mod explain;
mod failure;
mod filter_file;
mod help;
mod http;
mod input;
mod inspect;
mod keygen;
mod mint;
mod output;
mod page;
mod proof;
mod random;
mod render;
mod schema;
mod seal;
mod signing_key;
mod stop_signal;
mod tls;
mod unseal;
mod whole_file;

use clap::Parser;
use exit::Exit;
use failure::Failure;
use output::Output;
use std::process::ExitCode;

/// Authenticates 3GPP Edge Enabler Clients in front of an edge ECS or EES.
///
/// It is the code of the Envoy filter, native: what a verb says of a configuration, a token or a request is what the
/// filter would do. Every verb has examples and exit codes in its `--help`.
#[derive(Parser)]
#[command(name = "eec-authn", version, max_term_width = 100, after_long_help = help::long_help! {
    examples {
        "A key, and a token by it" => "eec-authn keygen --out key.json > entry.json",
        "Is the configuration good?" => "eec-authn check filter.json",
        "Why is this token refused?" => "eec-authn explain --config filter.json --token @token.txt",
        "All about one verb" => "eec-authn explain --help",
    }
    exit_codes {
        0 => "Fine, or the request would be allowed",
        1 => "Failure: wrong usage, an unreadable file, a port in use",
        2 => "The request would be denied",
        3 => "The configuration has errors",
        4 => "A server could not be reached, or gave no answer to go on with",
        5 => "It depends on a body or an answer that was not given",
    }
})]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    output: Output,
}

/// From `Variant => module`: the subcommands, named after the variants and described by each module's `Args`.
macro_rules! verbs {
    ($($(#[$attribute:meta])* $variant:ident => $module:ident,)*) => {
        #[derive(clap::Subcommand)]
        enum Verb {
            $($(#[$attribute])* $variant(Box<$module::Args>),)*
        }

        impl Verb {
            fn run(self, output: Output) -> Result<Exit, Failure> {
                match self {
                    $(Verb::$variant(args) => $module::run(*args, output),)*
                }
            }
        }
    };
}

verbs! {
    Check => check,
    Explain => explain,
    Page => page,
    Inspect => inspect,
    Keygen => keygen,
    Mint => mint,
    Dpop => dpop,
    Eec => eec,
    Render => render,
    Schema => schema,
    Seal => seal,
    Unseal => unseal,
    Completions => completions,
    Conformance => conformance,
    #[command(hide = true)]
    Demo => demo,
    DevEntitlementServer => dev_entitlement_server,
    DevEdgeServer => dev_edge_server,
}

/// Reads the arguments, runs the verb, and says how it ended.
pub(crate) fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap's own code for wrong usage is 2, which means "denied" here. Nobody is left to tell if printing fails.
            let _ = error.print();
            return if error.use_stderr() { Exit::Failure } else { Exit::Fine }.into();
        }
    };
    match cli.verb.run(cli.output) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::complain(format_args!("error: {failure}"));
            Exit::Failure.into()
        }
    }
}

/// Runs `work` on this thread: the servers here are for tests and the demo, one thread is plenty.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Failure::because("cannot start the runtime"))?.block_on(work)
}
