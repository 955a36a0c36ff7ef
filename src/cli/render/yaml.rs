//! JSON inside YAML. JSON is said to be YAML, but readers of YAML differ from readers of JSON in what a string may hold.

use std::fmt::Write as _;

/// The filter JSON in its own layout, with strings as every reader of YAML takes them: no `\/`, no surrogates as
/// escapes, and nothing that some version of YAML takes for the end of a line or refuses to read.
pub(super) fn json(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.trim();
    while let Some((before, string)) = rest.split_once('"') {
        out.push_str(before);
        let end = end_of_string(string);
        let (inside, after) = string.split_at(end);
        let decoded: Option<String> = serde_json::from_str(&format!("\"{inside}\"")).ok();
        out.push_str(&decoded.map_or_else(|| format!("\"{inside}\""), |decoded| quoted(&decoded)));
        rest = after.strip_prefix('"').unwrap_or(after);
    }
    out.push_str(rest);
    // Between strings JSON has no other white space. YAML takes no tabs for indentation.
    out.replace("\r\n", "\n").replace('\r', "\n").replace('\t', "  ")
}

/// A string in double quotes, for YAML and for JSON.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::new();
    for c in serde_json::Value::from(text).to_string().chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// `text` with each line moved right.
pub(super) fn indented(text: &str, by: usize) -> String {
    let lines = text.lines().map(|line| format!("{:by$}{line}", ""));
    lines.collect::<Vec<_>>().join("\n")
}

/// Where the quote is that ends a string which has begun.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().position(|b| {
        let ends = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        ends
    });
    end.unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn the_same_json_without_what_readers_of_yaml_trip_over() {
        let text = "{\"a\\/b\":\t\"\\ud83d\\ude00 \u{2028}\u{85}\u{feff}\u{7f} \\\\\\\" \\u0041\",\r\"c\" : [ 1e3,\r\n \"\" ]}";
        let out = json(text);
        assert_eq!(
            out,
            "{\"a/b\":  \"😀 \\u2028\\u0085\\ufeff\\u007f \\\\\\\" A\",\n\"c\" : [ 1e3,\n \"\" ]}"
        );
        let [before, after] = [text, &out].map(|text| serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(before, after);
    }
}
