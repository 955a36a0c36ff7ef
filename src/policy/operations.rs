//! The operations of EDGE-1 and EDGE-4 that carry or act on an EEC's identity (TS 24.558 V18; `docs/contract.md#binding`).
//!
//! Only `v1`: a later version may move an identity, so its paths match nothing until they are known here.

use super::ApiRoot;
use super::identity::Identity;

mod near;

pub use near::{Method, is_near_miss};

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
    OPERATIONS.iter().find(|op| op.role == role && op.method.as_bytes() == method && op.is_at(path))
}

/// The item that `path` is, whatever the method: the first operation on it.
pub fn item_at(role: Role, api_root: &ApiRoot, path: &[u8]) -> Option<&'static Operation> {
    let path = api_root.strip(path)?;
    OPERATIONS.iter().find(|op| op.role == role && op.collection().is_some() && op.is_at(path))
}

/// What is made by `operation`, if that is a POST on a collection: the first operation on its items.
pub fn item_made_by(operation: &Operation) -> Option<&'static Operation> {
    let same_api = |op: &&Operation| op.role == operation.role && op.api == operation.api;
    let made = |op: &&Operation| op.collection() == Some(operation.resource);
    OPERATIONS.iter().filter(same_api).find(made).filter(|_| operation.method == "POST")
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

    /// Whether `path`, what follows the API root, is that of this operation. `{id}` stands for one segment that is not empty.
    fn is_at(&self, path: &[u8]) -> bool {
        let mut rest = Some(path);
        for fixed in ["/", self.api, "/v1", self.fixed()] {
            rest = rest.and_then(|rest| rest.strip_prefix(fixed.as_bytes()));
        }
        rest.is_some_and(|rest| if self.is_item() { is_segment(rest) } else { rest.is_empty() })
    }

    fn is_item(&self) -> bool {
        self.resource.ends_with("{id}")
    }

    /// Its resource up to `{id}`.
    fn fixed(&self) -> &'static str {
        self.resource.strip_suffix("{id}").unwrap_or(self.resource)
    }
}

fn is_segment(text: &[u8]) -> bool {
    !text.is_empty() && !text.contains(&b'/')
}

#[cfg(test)]
mod tests;
