//! As much of Kubernetes' structural schemas as the shipped resources need, so that a member that is misspelt or in the
//! wrong place fails a test: the API server would drop or refuse it.

use serde_json::Value;

/// What is wrong with `value`, each with its path.
pub fn check(path: &str, value: &Value, schema: &Value, problems: &mut Vec<String>) {
    let mut wrong = |what: String| problems.push(format!("{path}: {what}"));
    let fits = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("boolean") => value.is_boolean(),
        _ => true,
    };
    if !fits {
        wrong(format!("is not of type {}", schema["type"]));
    }
    if let Some(choices) = schema["enum"].as_array()
        && !choices.contains(value)
    {
        wrong(format!("{value} is none of {choices:?}"));
    }
    for required in schema["required"].as_array().into_iter().flatten() {
        if value.get(required.as_str().unwrap_or_default()).is_none() {
            wrong(format!("{required} is missing"));
        }
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        let at = format!("{path}.{name}");
        match (&schema["properties"][name], &schema["additionalProperties"]) {
            (Value::Null, Value::Null) => {
                // Free-form, or an object of the API itself (metadata).
                let open = schema["x-kubernetes-preserve-unknown-fields"] == true
                    || schema.get("properties").is_none();
                if !open {
                    problems.push(format!("{at}: is not known"));
                }
            }
            (Value::Null, others) => check(&at, member, others, problems),
            (known, _) => check(&at, member, known, problems),
        }
    }
    for (n, item) in value.as_array().into_iter().flatten().enumerate() {
        check(&format!("{path}[{n}]"), item, &schema["items"], problems);
    }
}
