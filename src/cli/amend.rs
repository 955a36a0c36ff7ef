//! Changes of the user's to what a verb signs.

use serde_json::{Map, Value};

/// What can be changed of everything that is signed.
#[derive(clap::Args)]
pub(super) struct Changes {
    /// More claims, as a JSON object; `null` takes one away.
    #[arg(long, value_name = "JSON", default_value = "{}", value_parser = object)]
    pub(super) claims: Map<String, Value>,
    /// More header parameters, as a JSON object; `null` takes one away.
    #[arg(long, value_name = "JSON", default_value = "{}", value_parser = object)]
    pub(super) header: Map<String, Value>,
}

impl Changes {
    pub(super) fn amend(&self, header: &mut Value, claims: &mut Value) {
        amend(header, &self.header);
        amend(claims, &self.claims);
    }
}

/// Sets the members that `changes` has; null takes one away.
pub(super) fn amend(object: &mut Value, changes: &Map<String, Value>) {
    let Some(members) = object.as_object_mut() else { return };
    for (name, value) in changes {
        match value {
            Value::Null => drop(members.remove(name)),
            value => drop(members.insert(name.clone(), value.clone())),
        }
    }
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text)
        .map_err(|error| format!("not a JSON object: {error}; write one such as '{{\"jti\": null}}'"))
}
