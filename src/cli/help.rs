//! What stands at the end of every verb's `--help`: examples and exit codes, in one form.

/// From `examples` (what for => command line) and `exit_codes` (code => meaning): the text after the options.
macro_rules! long_help {
    (
        examples { $($what:literal => $line:literal,)+ }
        exit_codes { $($code:literal => $meaning:literal,)+ }
    ) => {
        concat!(
            "Examples:",
            $("\n  # ", $what, "\n  ", $line,)+
            "\n\nExit codes:",
            $("\n  ", $code, "  ", $meaning,)+
        )
    };
}

pub(super) use long_help;

#[cfg(test)]
mod tests {
    use crate::cli::Cli;
    use clap::{Command, CommandFactory as _, Parser as _};
    use std::ops::RangeInclusive;

    const EXIT_CODES: RangeInclusive<u8> = 0..=5;

    /// The command line itself, and every verb of it.
    fn pages() -> Vec<Command> {
        let mut root = Cli::command();
        root.build();
        let verbs = root.get_subcommands().filter(|verb| verb.get_name() != "help").cloned();
        [vec![root.clone()], verbs.collect()].concat()
    }

    /// The lines below a heading, up to the next one.
    fn section(page: &str, heading: &str) -> Vec<String> {
        let lines = page.lines().skip_while(|line| *line != heading).skip(1);
        lines.take_while(|line| line.starts_with("  ")).map(|line| line[2..].to_owned()).collect()
    }

    /// Command lines, without comments; a backslash at the end of a line continues it.
    fn examples(page: &str) -> Vec<String> {
        let lines = section(page, "Examples:");
        let lines = lines.iter().filter(|line| !line.starts_with("# "));
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        text.replace("\\\n", "").lines().map(str::to_owned).collect()
    }

    /// The calls of eec-authn in a line for the shell, as words: enough of a shell for these examples.
    fn calls(line: &str) -> Vec<Vec<String>> {
        let (mut words, mut quoted) = (vec![String::new()], false);
        for c in line.chars() {
            match c {
                '\'' => quoted = !quoted,
                ' ' if !quoted => words.push(String::new()),
                c => words.last_mut().unwrap().push(c),
            }
        }
        words.retain(|word| !word.is_empty());
        let (mut calls, mut redirected) = (vec![Vec::new()], false);
        for word in words {
            match word.as_str() {
                _ if redirected => redirected = false,
                "|" | "&&" => calls.push(Vec::new()),
                "<" | ">" => redirected = true,
                _ => calls.last_mut().unwrap().push(word),
            }
        }
        calls.retain(|call| call.first().is_some_and(|program| program == "eec-authn"));
        calls
    }

    #[test]
    fn the_examples_are_calls_that_the_parser_takes() {
        for mut page in pages() {
            let name = page.get_name().to_owned();
            let text = page.render_long_help().to_string();
            let calls: Vec<Vec<String>> = examples(&text).iter().flat_map(|line| calls(line)).collect();
            let of_this_verb = |call: &&Vec<String>| name == "eec-authn" || call.contains(&name);
            assert!(calls.iter().filter(of_this_verb).count() > 0, "{name}: no example of it in {text}");
            for call in calls {
                let parsed = Cli::try_parse_from(&call);
                // What is printed on standard output is the help that was asked for.
                let error = parsed.err().filter(|error| error.use_stderr());
                assert!(error.is_none(), "{name}: {call:?}: {error:?}");
            }
        }
    }

    #[test]
    fn every_page_describes_the_verb_and_tells_its_exit_codes() {
        for mut page in pages() {
            let name = page.get_name().to_owned();
            let about = page.get_about().unwrap_or_else(|| panic!("{name}: no summary")).to_string();
            let long = page.get_long_about().unwrap_or_else(|| panic!("{name}: no description")).to_string();
            assert!(long.starts_with(&about) && long.contains("\n\n"), "{name}: no description: {long}");
            assert!(about.starts_with(char::is_uppercase) && !about.contains('\n'), "{name}: {about}");
            let reads_a_configuration =
                name == "check" || page.get_arguments().any(|argument| argument.get_id() == "config");
            for argument in page.get_arguments() {
                assert!(argument.get_help().is_some(), "{name}: nothing about {}", argument.get_id());
            }
            let text = page.render_long_help().to_string();
            let codes: Vec<u8> = section(&text, "Exit codes:")
                .iter()
                // What wraps is moved further to the right.
                .filter(|line| !line.starts_with(' '))
                .map(|line| line.split_once("  ").and_then(|(code, _)| code.parse().ok()).expect(line))
                .collect();
            assert!(codes.starts_with(&[0, 1]) && codes.is_sorted(), "{name}: {codes:?}");
            assert!(codes.iter().all(|code| EXIT_CODES.contains(code)), "{name}: {codes:?}");
            assert_eq!(codes.contains(&3), name == "eec-authn" || reads_a_configuration, "{name}: {codes:?}");
            // In a terminal of 80 columns an example that is longer would be broken where no shell expects it.
            for line in section(&text, "Examples:").iter().chain(&section(&text, "Exit codes:")) {
                assert!(line.chars().count() <= 78, "{name}: too long: {line}");
            }
        }
    }
}
