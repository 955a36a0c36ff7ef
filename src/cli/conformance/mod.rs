//! `eec-authn conformance`: an outside test of any edge server's front against solution #25 (`docs/contract.md#conformance`).

mod bindings;
mod case;
mod catalogue;
mod claims;
mod dpop;
mod headers;
mod keys;
mod kit;
mod operation_table;
mod operations;
mod ownership;
mod paths;
mod progress;
mod replies;
mod report;
mod runner;
mod signatures;
mod tokens;
mod verdict;
mod wire;

use super::amend::Changes;
use super::failure::Failure;
use super::help::long_help;
use super::signing_key::SigningKey;
use super::{Exit, Output};
use catalogue::Group;
use kit::{Kit, Tokens};
use operations::Role;
use progress::Progress;
use report::Report;
use runner::Runner;
use std::path::PathBuf;
use std::time::Duration;
use wire::{Connector, Target};

/// Tests an edge server's front from outside: whatever stands there, it must refuse what solution #25 refuses.
///
/// It signs tokens with a key that the target trusts, sends good and hostile requests, and reports case by case. A case
/// holds, fails, does not apply, or cannot be judged; a good request comes first and between groups, and without it
/// nothing is judged. The target is left as it was: registrations and subscriptions are deleted again. Use a key of a
/// test set-up: who has it can be any client. docs/conformance.md lists all cases.
#[derive(clap::Args)]
#[command(after_long_help = long_help! {
    examples {
        "What is tested?" => "eec-authn conformance --list",
        "An EES, and a report for a CI" =>
            "eec-authn conformance --target https://ees1.edge.example.net --role ees \\\n    \
             --iss aes.example.org --aud ees1.edge.example.net --key key.json \\\n    \
             --junit report.xml",
        "A rehearsal on loopback, the tokens alone" =>
            "eec-authn conformance --target http://ees1.edge.example.net --role ees \\\n    \
             --connect 127.0.0.1:10000 --iss aes.example.org \\\n    \
             --aud ees1.edge.example.net --key key.json --include TOK-",
    }
    exit_codes {
        0 => "All cases held or do not apply; or the list is printed",
        1 => "It could not run, or some cases could not be judged",
        2 => "A case failed",
    }
})]
pub(crate) struct Args {
    /// The target's URL with its API root, as its clients have it; https, or http on loopback.
    #[arg(long, value_name = "URL", required_unless_present = "list")]
    target: Option<String>,
    /// Where to connect, if it is not where the URL says; names and certificates stay those of the URL.
    #[arg(long, value_name = "HOST:PORT")]
    connect: Option<String>,
    /// What the target is.
    #[arg(long, value_enum, required_unless_present = "list")]
    role: Option<Role>,
    /// `iss` of the tokens: the entitlement server that the target trusts.
    #[arg(long, value_name = "FQDN", required_unless_present = "list")]
    iss: Option<String>,
    /// `aud` of the tokens: the target's FQDN.
    #[arg(long, value_name = "FQDN", required_unless_present = "list")]
    aud: Option<String>,
    /// `sub` of the tokens: an EEC ID that nobody else uses; default: a random one.
    #[arg(long, value_name = "ID", value_parser = visible)]
    sub: Option<String>,
    /// The private key, as `keygen` writes it.
    #[arg(long, value_name = "FILE", required_unless_present = "list")]
    key: Option<PathBuf>,
    #[command(flatten)]
    changes: Changes,
    /// The certificate authorities to trust, in PEM; default: those of the system.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Only the cases whose identifier or title has this text in it.
    #[arg(long, value_name = "TEXT")]
    include: Option<String>,
    /// Seconds to wait for an answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=300))]
    timeout: u64,
    /// Write a report in JUnit's XML, too.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Print the catalogue and send nothing.
    #[arg(long)]
    list: bool,
}

pub(crate) fn run(args: Args, output: Output) -> Result<Exit, Failure> {
    if args.list {
        return list(args.role, output);
    }
    let Args {
        target: Some(url),
        role: Some(role),
        iss: Some(issuer),
        aud: Some(audience),
        key: Some(key),
        ..
    } = args
    else {
        return Err(Failure::new("--target, --role, --iss, --aud and --key are needed"));
    };
    if args.changes.claims.contains_key("sub") {
        return Err(Failure::new(
            "--claims: two clients are needed, each with its own `sub`; name the first by --sub",
        ));
    }
    if let Some(file) = &args.junit {
        // Before hundreds of requests, not after them.
        std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(file)
            .map_err(Failure::because(format!("cannot write {}", file.display())))?;
    }
    let groups = catalogue::selected(role, args.include.as_deref());
    let count: usize = groups.iter().map(|group| group.cases.len()).sum();
    if count == 0 {
        return Err(Failure::new("--include: no case has this text; --list shows all"));
    }
    let target = Target::parse(&url, args.connect.as_deref())?;
    let tokens = Tokens { issuer, audience, eec: args.sub, changes: args.changes };
    let good = operation_table::candidates(role).next().ok_or_else(|| Failure::new("no operation"))?;
    let kit = Kit::new(target, role, SigningKey::read(&key)?, tokens, good)?;
    let patience = Duration::from_secs(args.timeout);
    let report = super::block_on(async {
        let connector = Connector::new(&kit.target, args.ca.as_deref(), patience).await?;
        let mut runner = Runner::new(&connector, &kit);
        runner.begin().await?;
        let outcomes = runner.run(&groups, &mut Progress::new(count)).await;
        Ok(Report { kit: &kit, target: &url, outcomes, left_behind: runner.left_behind })
    })?;
    if let Some(file) = &args.junit {
        std::fs::write(file, report.junit())
            .map_err(Failure::because(format!("cannot write {}", file.display())))?;
    }
    if output.json {
        output.line(report.json())?;
    } else {
        output.lines(report.table())?;
    }
    let [_, failed, _, not_judged] = report.counts();
    Ok(match (failed, not_judged) {
        (0, 0) => Exit::Fine,
        (0, _) => Exit::Failure,
        (_, _) => Exit::Denied,
    })
}

fn list(role: Option<Role>, output: Output) -> Result<Exit, Failure> {
    let groups = catalogue::groups();
    if output.json {
        output.line(catalogue::listed(&groups, role))?;
        return Ok(Exit::Fine);
    }
    let shown = |case: &&case::Case| role.is_none_or(|role| case.roles().contains(&role));
    let lines = |group: &Group| {
        let cases = group.cases.iter().filter(shown);
        let cases: String = cases
            .map(|case| {
                format!("  {}\n      {} -> {} ({})\n", case.id, case.title, case.want.name(), case.clause)
            })
            .collect();
        format!("{}\n{cases}", group.title)
    };
    let text: Vec<String> = groups.iter().map(lines).collect();
    output.lines(text.join("\n").trim_end())?;
    Ok(Exit::Fine)
}

/// It also stands in header fields.
fn visible(text: &str) -> Result<String, String> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err("give visible ASCII without spaces".into())
    }
}
