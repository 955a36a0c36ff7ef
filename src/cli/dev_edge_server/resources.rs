//! What an edge server keeps: registrations and subscriptions, in memory.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Resources by their paths, and how many requests there have been.
#[derive(Default)]
pub(super) struct Resources {
    items: BTreeMap<String, Map<String, Value>>,
    made: usize,
    visits: usize,
}

impl Resources {
    /// Counts a request.
    pub(super) fn visit(&mut self) {
        self.visits = self.visits.saturating_add(1);
    }

    /// The number of requests so far.
    pub(super) fn visits(&self) -> usize {
        self.visits
    }

    /// Adds an item to a collection; its path. Identifiers are counted up, as in many servers: anybody can guess the next one.
    pub(super) fn make(&mut self, collection: &str, item: Map<String, Value>) -> String {
        self.made = self.made.saturating_add(1);
        let path = format!("{collection}/{}", self.made);
        self.items.insert(path.clone(), item);
        path
    }

    /// Whether there is an item at `path`.
    pub(super) fn has(&self, path: &str) -> bool {
        self.items.contains_key(path)
    }

    /// Puts another item in the place of the one at `path`; `None` if there is none.
    pub(super) fn replace(&mut self, path: &str, item: Map<String, Value>) -> Option<Map<String, Value>> {
        let kept = self.items.get_mut(path)?;
        *kept = item;
        Some(kept.clone())
    }

    /// Merges `patch` into the item at `path` (RFC 7396); `None` if there is none.
    pub(super) fn patch(&mut self, path: &str, patch: Map<String, Value>) -> Option<Map<String, Value>> {
        let kept = self.items.get_mut(path)?;
        merge(kept, patch);
        Some(kept.clone())
    }

    /// Takes the item at `path` away; whether there was one.
    pub(super) fn remove(&mut self, path: &str) -> bool {
        self.items.remove(path).is_some()
    }
}

fn merge(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => drop(target.remove(&name)),
            Value::Object(patch) => {
                let below = target.entry(name).or_insert(Value::Null);
                if !below.is_object() {
                    *below = Value::Object(Map::new());
                }
                if let Some(below) = below.as_object_mut() {
                    merge(below, patch);
                }
            }
            value => drop(target.insert(name, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().expect("an object").clone()
    }

    /// The example of RFC 7396, section 3.
    #[test]
    fn a_patch_is_merged_as_the_standard_has_it() {
        let mut resources = Resources::default();
        let path = resources.make(
            "/c",
            object(json!({
                "title": "Goodbye!", "author": {"givenName": "John", "familyName": "Doe"},
                "tags": ["example", "sample"], "content": "This will be unchanged"
            })),
        );
        let patch = json!({"title": "Hello!", "phoneNumber": "+01-123-456-7890", "author": {"familyName": null}, "tags": ["example"]});
        let patched = resources.patch(&path, object(patch)).expect("it is there");
        let expected = json!({
            "title": "Hello!", "author": {"givenName": "John"}, "tags": ["example"],
            "content": "This will be unchanged", "phoneNumber": "+01-123-456-7890"
        });
        assert_eq!(Value::Object(patched), expected);
    }

    #[test]
    fn no_identifier_comes_twice() {
        let mut resources = Resources::default();
        let first = resources.make("/c", Map::new());
        assert!(resources.remove(&first) && !resources.remove(&first) && !resources.has(&first));
        assert!(resources.replace(&first, Map::new()).is_none());
        assert_ne!(resources.make("/c", Map::new()), first);
    }
}
