//! What an EEC asks of its servers: the operations of EDGE-4 and EDGE-1 in the order of a client's life (TS 24.558 V18.4.0).

use super::identity::Identity;
use crate::cli::clock;
use eec_authn::policy::Role;
use eec_authn::time::UnixTime;
use serde_json::{Value, json};

/// One operation; its path, bodies and statuses are those of the OpenAPI of its API.
#[derive(Debug)]
pub(crate) struct Operation {
    /// The step in one word.
    pub(crate) name: &'static str,
    /// Whose it is.
    pub(crate) role: Role,
    pub(crate) method: &'static str,
    /// The API and its version.
    api: &'static str,
    /// The collection or the resource below it; for an item its collection.
    resource: &'static str,
    /// What it does with an item of the collection.
    pub(crate) item: Item,
    /// The statuses that mean success.
    pub(crate) success: &'static [u16],
    /// Whether the API has 307 and 308 for it.
    pub(crate) redirected: bool,
    body: Option<fn(&Identity) -> Value>,
}

/// What an operation does with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    /// There is none.
    None,
    /// Makes one, which `Location` names.
    Made,
    /// Replaces or changes it.
    Kept,
    /// Takes it away.
    TakenAway,
}

const PROVISIONING: &str = "/eecs-serviceprovisioning/v1";
const REGISTRATION: &str = "/eees-eecregistration/v1";
const DISCOVERY: &str = "/eees-easdiscovery/v1";

/// How long what is made is to last without being renewed.
const LIFETIME: f64 = 3600.0;

pub(crate) static PROVISION: Operation = Operation {
    name: "provision",
    role: Role::Ecs,
    method: "POST",
    api: PROVISIONING,
    resource: "/request",
    item: Item::None,
    success: &[200, 204],
    redirected: false,
    body: Some(|identity| identity.named(json!({}))),
};

/// What follows once there is an EES.
pub(crate) static AT_EES: [Operation; 7] = [
    Operation {
        name: "register",
        role: Role::Ees,
        method: "POST",
        api: REGISTRATION,
        resource: "/registrations",
        item: Item::Made,
        success: &[201],
        redirected: true,
        body: Some(|identity| identity.named(json!({"expTime": later(LIFETIME)}))),
    },
    Operation {
        name: "discover",
        role: Role::Ees,
        method: "POST",
        api: DISCOVERY,
        resource: "/eas-profiles/request-discovery",
        item: Item::None,
        success: &[200],
        redirected: true,
        body: Some(Identity::as_requestor),
    },
    Operation {
        name: "subscribe",
        role: Role::Ees,
        method: "POST",
        api: DISCOVERY,
        resource: "/subscriptions",
        item: Item::Made,
        success: &[201],
        redirected: false,
        body: Some(|identity| {
            identity.named(json!({"easEventType": "EAS_AVAILABILITY_CHANGE", "expTime": later(LIFETIME)}))
        }),
    },
    Operation {
        name: "update",
        role: Role::Ees,
        method: "PUT",
        api: REGISTRATION,
        resource: "/registrations",
        item: Item::Kept,
        success: &[200, 204],
        redirected: true,
        body: Some(|identity| {
            identity.named(json!({"expTime": later(2.0 * LIFETIME), "ueMobilityReq": true}))
        }),
    },
    Operation {
        name: "change",
        role: Role::Ees,
        method: "PATCH",
        api: DISCOVERY,
        resource: "/subscriptions",
        item: Item::Kept,
        success: &[200, 204],
        redirected: false,
        body: Some(|_| json!({"expTime": later(2.0 * LIFETIME)})),
    },
    Operation {
        name: "unsubscribe",
        role: Role::Ees,
        method: "DELETE",
        api: DISCOVERY,
        resource: "/subscriptions",
        item: Item::TakenAway,
        success: &[204],
        redirected: true,
        body: None,
    },
    Operation {
        name: "deregister",
        role: Role::Ees,
        method: "DELETE",
        api: REGISTRATION,
        resource: "/registrations",
        item: Item::TakenAway,
        success: &[204],
        redirected: true,
        body: None,
    },
];

impl Operation {
    /// The path below the server's root; for an item that of its collection.
    pub(crate) fn path(&self) -> String {
        format!("{}{}", self.api, self.resource)
    }

    /// The body of a request by this client.
    pub(crate) fn body(&self, identity: &Identity) -> Option<Value> {
        self.body.map(|body| body(identity))
    }

    /// The media type of its body.
    pub(crate) fn media_type(&self) -> &'static str {
        if self.method == "PATCH" { "application/merge-patch+json" } else { "application/json" }
    }
}

/// `DateTime`, so many seconds from now.
fn later(seconds: f64) -> String {
    let now = UnixTime::new(clock::now() as f64).unwrap_or(UnixTime::EPOCH);
    now.plus(seconds).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use eec_authn::policy::operations::find;
    use eec_authn::policy::{ApiRoot, Identity as BodyIdentity};

    fn all() -> impl Iterator<Item = &'static Operation> {
        std::iter::once(&PROVISION).chain(&AT_EES)
    }

    #[test]
    fn each_is_one_that_the_filter_has_built_in_and_speaks_for_the_client_where_that_looks() {
        let root = ApiRoot::parse("/").unwrap();
        let identity = Identity { eec_id: "eec-1".into(), ue_id: Some("msisdn-1".into()) };
        for operation in all() {
            let id = if matches!(operation.item, Item::Kept | Item::TakenAway) { "/1" } else { "" };
            let path = format!("{}{id}", operation.path());
            let built_in = find(operation.role, &root, operation.method.as_bytes(), path.as_bytes());
            let built_in = built_in.unwrap_or_else(|| panic!("{} {path}", operation.method));
            let body = operation.body(&identity);
            let at = |pointer: &str| body.as_ref().and_then(|body| body.pointer(pointer)).cloned();
            match built_in.identity {
                BodyIdentity::EecId => {
                    assert_eq!((at("/eecId"), at("/ueId")), (Some(json!("eec-1")), Some(json!("msisdn-1"))));
                }
                BodyIdentity::RequestorObject => {
                    assert_eq!(at("/requestorId"), Some(json!({"eecId": "eec-1"})))
                }
                BodyIdentity::NoBody => assert_eq!(body, None),
                BodyIdentity::Patch => assert!(body.is_some_and(|body| body.get("eecId").is_none())),
                other => panic!("{}: {other:?}", operation.name),
            }
        }
    }

    #[test]
    fn without_a_ue_nothing_is_said_of_one() {
        let identity = Identity { eec_id: "eec-1".into(), ue_id: None };
        for operation in all() {
            assert!(operation.body(&identity).is_none_or(|body| body.get("ueId").is_none()));
        }
    }
}
