//! The operations of EDGE-1 and EDGE-4 that carry or act on an EEC's identity (TS 24.558 V18; `docs/contract.md#binding`).
//!
//! Only `v1`: a later version may move an identity, so its paths match nothing until they are known here.

use super::ApiRoot;
use super::identity::Identity;
use super::path::is_alike;
use crate::ascii_twin::in_ascii;
use crate::percent;

/// Which server is behind the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Edge Enabler Server, EDGE-1.
    Ees,
    /// Edge Configuration Server, EDGE-4.
    Ecs,
}

/// A built-in operation: one method on one resource, and where its body says who asks.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// The interface it belongs to.
    pub role: Role,
    /// The API name, such as `eees-eecregistration`.
    pub api: &'static str,
    /// The method.
    pub method: &'static str,
    /// What follows `/{api}/v1`; `{id}` stands for one segment that is not empty.
    pub resource: &'static str,
    /// Where the body names the EEC and the UE.
    pub identity: Identity,
}

/// Every built-in operation.
pub static OPERATIONS: &[Operation] = &[
    operation(Role::Ecs, "eecs-serviceprovisioning", "POST", "/request", Identity::EecId),
    operation(Role::Ecs, "eecs-serviceprovisioning", "POST", "/subscriptions", Identity::EecId),
    operation(Role::Ecs, "eecs-serviceprovisioning", "PUT", "/subscriptions/{id}", Identity::EecId),
    operation(Role::Ecs, "eecs-serviceprovisioning", "PATCH", "/subscriptions/{id}", Identity::Patch),
    operation(Role::Ecs, "eecs-serviceprovisioning", "DELETE", "/subscriptions/{id}", Identity::NoBody),
    operation(Role::Ees, "eees-eecregistration", "POST", "/registrations", Identity::EecId),
    operation(Role::Ees, "eees-eecregistration", "PUT", "/registrations/{id}", Identity::EecId),
    operation(Role::Ees, "eees-eecregistration", "PATCH", "/registrations/{id}", Identity::Patch),
    operation(Role::Ees, "eees-eecregistration", "DELETE", "/registrations/{id}", Identity::NoBody),
    operation(
        Role::Ees,
        "eees-easdiscovery",
        "POST",
        "/eas-profiles/request-discovery",
        Identity::RequestorObject,
    ),
    operation(Role::Ees, "eees-easdiscovery", "POST", "/subscriptions", Identity::EecId),
    operation(Role::Ees, "eees-easdiscovery", "PUT", "/subscriptions/{id}", Identity::EecId),
    operation(Role::Ees, "eees-easdiscovery", "PATCH", "/subscriptions/{id}", Identity::Patch),
    operation(Role::Ees, "eees-easdiscovery", "DELETE", "/subscriptions/{id}", Identity::NoBody),
    operation(Role::Ees, "eees-acrevents", "POST", "/subscriptions", Identity::EecId),
    operation(Role::Ees, "eees-acrevents", "PUT", "/subscriptions/{id}", Identity::EecId),
    operation(Role::Ees, "eees-acrevents", "PATCH", "/subscriptions/{id}", Identity::Patch),
    operation(Role::Ees, "eees-acrevents", "DELETE", "/subscriptions/{id}", Identity::NoBody),
    operation(Role::Ees, "eees-appctxtreloc", "POST", "/determine", Identity::RequestorString),
    operation(Role::Ees, "eees-appctxtreloc", "POST", "/initiate", Identity::RequestorString),
    operation(Role::Ees, "eees-easinfoprov", "POST", "/declare", Identity::EecIdOnly),
    operation(Role::Ees, "eees-ueidentifier", "POST", "/get", Identity::OwnUeId),
];

const fn operation(
    role: Role,
    api: &'static str,
    method: &'static str,
    resource: &'static str,
    identity: Identity,
) -> Operation {
    Operation { role, api, method, resource, identity }
}

/// The names of the APIs that `role` has built-in operations of.
pub fn apis(role: Role) -> Vec<&'static str> {
    let mut apis: Vec<&str> = OPERATIONS.iter().filter(|op| op.role == role).map(|op| op.api).collect();
    apis.dedup();
    apis
}

/// The operation of `role` that `method` on `path` is.
pub fn find(role: Role, api_root: &ApiRoot, method: &[u8], path: &[u8]) -> Option<&'static Operation> {
    let path = api_root.strip(path)?;
    OPERATIONS
        .iter()
        .find(|op| op.role == role && op.method.as_bytes() == method && op.is_at(path, <[u8]>::eq))
}

/// The item that `path` is, whatever the method: the first operation on it.
pub fn item_at(role: Role, api_root: &ApiRoot, path: &[u8]) -> Option<&'static Operation> {
    let path = api_root.strip(path)?;
    OPERATIONS.iter().find(|op| op.role == role && op.collection().is_some() && op.is_at(path, <[u8]>::eq))
}

/// What is made by `operation`, if that is a POST on a collection: the first operation on its items.
pub fn item_made_by(operation: &Operation) -> Option<&'static Operation> {
    let same_api = |op: &&Operation| op.role == operation.role && op.api == operation.api;
    let made = |op: &&Operation| op.collection() == Some(operation.resource);
    OPERATIONS.iter().filter(same_api).find(made).filter(|_| operation.method == "POST")
}

/// Whether a request that is no built-in operation would be one for a lenient server: one that folds case or separators in paths
/// ([`is_alike`]; Django folds case beyond ASCII) or case in methods (Django, Werkzeug), passes over a `/` at the end (Express, Spring), over
/// endings such as `.json` (Rails, Django REST Framework, Spring), or over spaces around a segment (Spring before 4.3), or takes the method
/// from elsewhere.
pub fn is_near_miss(role: Role, api_root: &ApiRoot, method: &[u8], path: &[u8]) -> bool {
    let folded = path.contains(&b'%').then(|| decoded(path));
    // On an operation's own path, other methods than its own are other requests. But a POST is what its query or its body says
    // (`_method`) to Rack, Laravel, Slim and Express, and nobody can know yet what that will be.
    let own = |op: &Operation| {
        op.role == role && api_root.strip(path).is_some_and(|path| op.is_at(path, <[u8]>::eq))
    };
    let is_other = !method.eq_ignore_ascii_case(b"POST") && OPERATIONS.iter().any(own);
    let near = |op: &Operation, path| {
        op.role == role
            && (!is_other || op.method.as_bytes().eq_ignore_ascii_case(method))
            && op.is_near(path)
    };
    [Some(path), folded.as_deref().map(str::as_bytes)]
        .into_iter()
        .flatten()
        .filter_map(|path| api_root.strip_alike(path))
        .any(|path| OPERATIONS.iter().any(|op| near(op, path)))
}

/// `path` as lenient servers read it: escapes decoded, in ASCII as far as characters stand for some, segments without spaces around them.
fn decoded(path: &[u8]) -> String {
    let text = in_ascii(&String::from_utf8_lossy(&percent::decoded(path)));
    text.split('/').map(str::trim).collect::<Vec<&str>>().join("/")
}

/// Whether `rest`, what follows the path of a resource, is nothing to a lenient server: `/` and endings, spaces around them or not.
fn is_nothing(rest: &[u8]) -> bool {
    rest.split(|b| *b == b'/').map(<[u8]>::trim_ascii).all(|part| part.is_empty() || part.starts_with(b"."))
}

impl Operation {
    /// Its path, `{id}` included.
    pub fn path(&self, api_root: &ApiRoot) -> String {
        format!("{}/v1{}", api_root.join(self.api), self.resource)
    }

    /// The collection that its resource is an item of.
    pub fn collection(&self) -> Option<&'static str> {
        self.resource.strip_suffix("/{id}")
    }

    /// Whether a lenient server would take `path`, what follows the API root, for that of this operation.
    fn is_near(&self, path: &[u8]) -> bool {
        let rest = self.rest(path, is_alike);
        rest.is_some_and(|rest| if self.is_item() { is_segment_and_nothing(rest) } else { is_nothing(rest) })
    }

    /// Whether `path`, what follows the API root, is that of this operation, where `same` compares what is fixed in it. `{id}`
    /// stands for one segment that is not empty.
    fn is_at(&self, path: &[u8], same: fn(&[u8], &[u8]) -> bool) -> bool {
        let rest = self.rest(path, same);
        rest.is_some_and(|rest| if self.is_item() { is_segment(rest) } else { rest.is_empty() })
    }

    fn is_item(&self) -> bool {
        self.resource.ends_with("{id}")
    }

    /// What follows the fixed part of its path in `path`.
    fn rest<'a>(&self, path: &'a [u8], same: fn(&[u8], &[u8]) -> bool) -> Option<&'a [u8]> {
        let mut rest = Some(path);
        for fixed in ["/", self.api, "/v1", self.resource.strip_suffix("{id}").unwrap_or(self.resource)] {
            rest = rest
                .and_then(|rest| rest.split_at_checked(fixed.len()))
                .filter(|(start, _)| same(start, fixed.as_bytes()))
                .map(|(_, rest)| rest);
        }
        rest
    }
}

fn is_segment(text: &[u8]) -> bool {
    !text.is_empty() && !text.contains(&b'/')
}

/// The same, with what is nothing to a lenient server behind the segment.
fn is_segment_and_nothing(text: &[u8]) -> bool {
    let (segment, rest) = text.split_at(text.iter().position(|b| *b == b'/').unwrap_or(text.len()));
    !segment.is_empty() && is_nothing(rest)
}

#[cfg(test)]
mod tests;
