//! The operations of EDGE-1 and EDGE-4 that carry or act on an EEC's identity (TS 24.558 V18).
//!
//! Only `v1`: a later version may move an identity, so its paths match nothing until they are known here.

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

/// Where a body names the EEC and the UE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// There is no body to look at (DELETE).
    NoBody,
    /// `/eecId` must be there; `/ueId` may.
    EecId,
    /// As [`Identity::EecId`], but neither must be there: a merge patch (RFC 7396).
    Patch,
    /// `/requestorId/eecId` must be there, with no other kind of requestor; `/ueId` may.
    RequestorObject,
    /// `/requestorId` must be there, a string; `/ueId` may.
    RequestorString,
    /// `/ueId` must be there: nothing else says whom the request is about.
    UeId,
    /// `/eecId` must be there; the body names no UE.
    EecIdOnly,
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
    operation(Role::Ees, "eees-appctxtreloc", "POST", "/declare", Identity::UeId),
    operation(Role::Ees, "eees-easinfoprov", "POST", "/declare", Identity::EecIdOnly),
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

/// The operation of `role` that `method` on `path` is; `path` is what follows the API root.
pub fn find(role: Role, method: &[u8], path: &[u8]) -> Option<&'static Operation> {
    let rest = path.strip_prefix(b"/")?;
    let api_end = rest.iter().position(|b| *b == b'/')?;
    let (api, rest) = rest.split_at_checked(api_end)?;
    let resource = rest.strip_prefix(b"/v1")?;
    OPERATIONS.iter().find(|op| {
        op.role == role
            && op.api.as_bytes() == api
            && op.method.as_bytes() == method
            && matches_template(op.resource, resource)
    })
}

/// Whether `path` is `template`, where a final `{id}` stands for one segment that is not empty.
fn matches_template(template: &str, path: &[u8]) -> bool {
    match template.strip_suffix("{id}") {
        Some(fixed) => {
            path.strip_prefix(fixed.as_bytes()).is_some_and(|id| !id.is_empty() && !id.contains(&b'/'))
        }
        None => template.as_bytes() == path,
    }
}
