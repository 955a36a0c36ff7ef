//! `eec-authn completions`: what a shell needs to complete verbs, options and file names.

use super::failure::Failure;
use super::help::long_help;
use super::{Cli, Exit, Output};
use clap::{Command, CommandFactory as _};

const NAME: &str = "eec-authn";

/// Prints the completions for a shell.
///
/// They complete verbs, options, values and file names. The script goes where the shell looks for completions, or into
/// the shell at its start.
#[derive(clap::Args)]
#[command(after_long_help = long_help! {
    examples {
        "For bash, with bash-completion" =>
            "eec-authn completions bash \\\n    \
             > ~/.local/share/bash-completion/completions/eec-authn",
        "For zsh, into a folder of its `fpath`" =>
            "eec-authn completions zsh > ~/.zfunc/_eec-authn",
        "For fish" =>
            "eec-authn completions fish > ~/.config/fish/completions/eec-authn.fish",
    }
    exit_codes {
        0 => "They are printed",
        1 => "Wrong usage, or they cannot be printed",
    }
})]
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
        output.document(script.trim_end())?;
    }
    Ok(Exit::Fine)
}

/// The command without the verbs that `--help` does not list; clap_complete would offer them.
fn shown(full: &Command) -> Command {
    let verbs = full.get_subcommands().filter(|verb| !verb.is_hide_set());
    Command::new(NAME).version("").args(full.get_arguments()).subcommands(verbs.cloned())
}
