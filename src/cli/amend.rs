//! Changes of the user's to what a verb signs.

use super::failure::Failure;
use serde_json::{Map, Value};

/// Sets the members that `changes`, a JSON object, has; null takes one away.
pub(super) fn amend(object: &mut Value, changes: &str) -> Result<(), Failure> {
    let changes: Map<String, Value> = serde_json::from_str(changes)
        .map_err(Failure::because(format!("`{changes}` is not a JSON object")))?;
    let Some(members) = object.as_object_mut() else { return Ok(()) };
    for (name, value) in changes {
        match value {
            Value::Null => drop(members.remove(&name)),
            value => drop(members.insert(name, value)),
        }
    }
    Ok(())
}
