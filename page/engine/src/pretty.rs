//! JSON for people: what fits on a line stands on one.

use serde_json::Value;

/// How long a line may be.
const WIDTH: usize = 64;

/// `value` with its members in their order, the outermost a line each.
pub(crate) fn pretty(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, false, &mut text);
    text
}

/// The same, on one line if it fits.
pub(crate) fn short(value: &Value) -> String {
    let line = on_one_line(value);
    if line.chars().count() <= WIDTH { line } else { pretty(value) }
}

fn write(value: &Value, indent: usize, may_be_a_line: bool, text: &mut String) {
    let line = on_one_line(value);
    let (open, close, items) = match value {
        Value::Array(items) => ('[', ']', items.iter().map(|item| (String::new(), item)).collect::<Vec<_>>()),
        Value::Object(members) => {
            let named = |(name, item)| (format!("{}: ", Value::from(name)), item);
            ('{', '}', members.iter().map(|(name, item)| named((&**name, item))).collect())
        }
        _ => return text.push_str(&line),
    };
    if items.is_empty() || may_be_a_line && line.chars().count().saturating_add(indent) <= WIDTH {
        return text.push_str(&line);
    }
    text.push(open);
    // One thing in another needs no lines of its own around it.
    if let [(name, item @ (Value::Array(_) | Value::Object(_)))] = &*items
        && may_be_a_line
    {
        text.push_str(name);
        write(item, indent, true, text);
        return text.push(close);
    }
    for (number, (name, item)) in items.into_iter().enumerate() {
        text.push_str(if number == 0 { "\n" } else { ",\n" });
        text.push_str(&" ".repeat(indent.saturating_add(2)));
        text.push_str(&name);
        write(item, indent.saturating_add(2), true, text);
    }
    text.push('\n');
    text.push_str(&" ".repeat(indent));
    text.push(close);
}

fn on_one_line(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(on_one_line).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let member =
                |(name, item): (&String, &Value)| format!("{}: {}", Value::from(&**name), on_one_line(item));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_is_written_is_what_was_there_in_its_order() {
        let value =
            json!({"z": {"b": [1, {"c": null}], "a": "é\"\\"}, "a": [], "long": ["x".repeat(80), {}]});
        let text = pretty(&value);
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON").to_string(), value.to_string());
        let jwk = json!({"keys": [{"jwk": {"kty": "OKP", "x": "x".repeat(60)}}]});
        assert_eq!(
            pretty(&jwk),
            format!(
                "{{\n  \"keys\": [{{\"jwk\": {{\n    \"kty\": \"OKP\",\n    \"x\": \"{}\"\n  }}}}]\n}}",
                "x".repeat(60)
            )
        );
        assert_eq!(short(&json!({"a": 1})), "{\"a\": 1}");
        assert!(
            text.starts_with(
                "{\n  \"z\": {\"b\": [1, {\"c\": null}], \"a\": \"é\\\"\\\\\"},\n  \"a\": [],\n"
            ),
            "{text}"
        );
    }
}
