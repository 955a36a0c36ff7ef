//! `eec-authn completions`: what a shell needs to complete verbs, options and file names.

use super::failure::Failure;
use super::{Cli, Exit, Output};
use clap::{Command, CommandFactory as _};

const NAME: &str = "eec-authn";

/// Prints the completions for a shell.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// The shells; more would be more than what is tested.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Shell {
    /// GNU Bash, 4.4 or later.
    Bash,
    /// The Z shell.
    Zsh,
    /// The friendly interactive shell.
    Fish,
}

pub(crate) fn run(args: Args, output: Output) -> Result<Exit, Failure> {
    let shell = match args.shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut shown(&Cli::command()), NAME, &mut script);
    let script = String::from_utf8(script).map_err(Failure::because("cannot print"))?;
    if output.json {
        output.line(serde_json::json!({"completions": script}))?;
    } else {
        output.line(script.trim_end())?;
    }
    Ok(Exit::Fine)
}

/// The command without the verbs that `--help` does not list; clap_complete would offer them.
fn shown(full: &Command) -> Command {
    let verbs = full.get_subcommands().filter(|verb| !verb.is_hide_set());
    Command::new(NAME).version("").args(full.get_arguments()).subcommands(verbs.cloned())
}
