//! One row for each operation of EDGE-1 and EDGE-4, with the smallest body that its OpenAPI allows.

use super::operations::{Names, Operation, Role};

const REGISTRATION: &str = "{$UE$ID}";
const EAS_SUBSCRIPTION: &str = r#"{$UE"easEventType":"EAS_AVAILABILITY_CHANGE",$ID}"#;
const ACR_SUBSCRIPTION: &str = r#"{$UE"easIds":["eas.conformance.invalid"],"eventIds":["TARGET_INFORMATION"],"notificationDestination":"https://eec.conformance.invalid/n",$ID}"#;
const LATER: &str = r#"{"expTime":"2035-01-01T00:00:00Z"}"#;

const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";
const DISCOVERY: &str = "/eees-easdiscovery/v1/subscriptions";
const ACR: &str = "/eees-acrevents/v1/subscriptions";
const PROVISIONING: &str = "/eecs-serviceprovisioning/v1/subscriptions";

const REG: &str = "TS 24.558, Eees_EECRegistration";
const DISC: &str = "TS 24.558, Eees_EASDiscovery";
const EVENTS: &str = "TS 24.558, Eees_ACREvents";
const RELOC: &str = "TS 24.558, Eees_AppContextRelocation";
const PROV: &str = "TS 24.558, Eecs_ServiceProvisioning";

/// All of them; of each role first the one that changes nothing, which is the good request of a run.
pub(super) static OPERATIONS: &[Operation] = &[
    ees(
        "DISC-REQUEST",
        "discover",
        DISC,
        "/eees-easdiscovery/v1/eas-profiles/request-discovery",
        Names::EecId,
        r#"{$UE"requestorId":{$ID}}"#,
    ),
    ees("REG-POST", "register", REG, REGISTRATIONS, Names::EecId, REGISTRATION),
    item(
        Role::Ees,
        "REG-PUT",
        "update a registration",
        REG,
        "PUT",
        REGISTRATIONS,
        Names::EecId,
        REGISTRATION,
    ),
    item(Role::Ees, "REG-PATCH", "change a registration", REG, "PATCH", REGISTRATIONS, Names::Nobody, LATER),
    item(Role::Ees, "REG-DELETE", "deregister", REG, "DELETE", REGISTRATIONS, Names::Nobody, ""),
    ees("DISC-POST", "subscribe to EAS discovery", DISC, DISCOVERY, Names::EecId, EAS_SUBSCRIPTION),
    item(
        Role::Ees,
        "DISC-PUT",
        "update an EAS discovery subscription",
        DISC,
        "PUT",
        DISCOVERY,
        Names::EecId,
        EAS_SUBSCRIPTION,
    ),
    item(
        Role::Ees,
        "DISC-PATCH",
        "change an EAS discovery subscription",
        DISC,
        "PATCH",
        DISCOVERY,
        Names::Nobody,
        LATER,
    ),
    item(
        Role::Ees,
        "DISC-DELETE",
        "end an EAS discovery subscription",
        DISC,
        "DELETE",
        DISCOVERY,
        Names::Nobody,
        "",
    ),
    ees("ACR-POST", "subscribe to ACR events", EVENTS, ACR, Names::EecId, ACR_SUBSCRIPTION),
    item(
        Role::Ees,
        "ACR-PUT",
        "update an ACR events subscription",
        EVENTS,
        "PUT",
        ACR,
        Names::EecId,
        ACR_SUBSCRIPTION,
    ),
    item(
        Role::Ees,
        "ACR-PATCH",
        "change an ACR events subscription",
        EVENTS,
        "PATCH",
        ACR,
        Names::Nobody,
        LATER,
    ),
    item(Role::Ees, "ACR-DELETE", "end an ACR events subscription", EVENTS, "DELETE", ACR, Names::Nobody, ""),
    ees(
        "RELOC-DETERMINE",
        "determine a relocation",
        RELOC,
        "/eees-appctxtreloc/v1/determine",
        Names::RequestorId,
        r#"{$UE"sEasEndpoint":{"fqdn":"eas.conformance.invalid"},$ID}"#,
    ),
    ees(
        "RELOC-INITIATE",
        "initiate a relocation",
        RELOC,
        "/eees-appctxtreloc/v1/initiate",
        Names::RequestorId,
        r#"{$UE"tEasEndpoint":{"fqdn":"eas.conformance.invalid"},"easNotifInd":false,$ID}"#,
    ),
    ees(
        "INFO-DECLARE",
        "declare selected EASs",
        "TS 24.558, Eees_EASInformationProvisioning",
        "/eees-easinfoprov/v1/declare",
        Names::EecId,
        r#"{"acId":"ac.conformance.invalid","selEasIds":["eas.conformance.invalid"],$ID}"#,
    ),
    ees(
        "UEID-GET",
        "get a UE identifier",
        "TS 29.558, Eees_UEIdentifier",
        "/eees-ueidentifier/v1/get",
        Names::UeId,
        "{$ID}",
    ),
    Operation {
        id: "PROV-REQUEST",
        title: "request provisioning",
        clause: PROV,
        role: Role::Ecs,
        method: "POST",
        path: "/eecs-serviceprovisioning/v1/request",
        item: false,
        names: Names::EecId,
        body: "{$UE$ID}",
    },
    Operation {
        id: "PROV-POST",
        title: "subscribe to provisioning",
        clause: PROV,
        role: Role::Ecs,
        method: "POST",
        path: PROVISIONING,
        item: false,
        names: Names::EecId,
        body: "{$UE$ID}",
    },
    item(
        Role::Ecs,
        "PROV-PUT",
        "update a provisioning subscription",
        PROV,
        "PUT",
        PROVISIONING,
        Names::EecId,
        "{$UE$ID}",
    ),
    item(
        Role::Ecs,
        "PROV-PATCH",
        "change a provisioning subscription",
        PROV,
        "PATCH",
        PROVISIONING,
        Names::Nobody,
        LATER,
    ),
    item(
        Role::Ecs,
        "PROV-DELETE",
        "end a provisioning subscription",
        PROV,
        "DELETE",
        PROVISIONING,
        Names::Nobody,
        "",
    ),
];

const fn ees(
    id: &'static str,
    title: &'static str,
    clause: &'static str,
    path: &'static str,
    names: Names,
    body: &'static str,
) -> Operation {
    Operation { id, title, clause, role: Role::Ees, method: "POST", path, item: false, names, body }
}

#[allow(clippy::too_many_arguments, reason = "one row of a table")]
const fn item(
    role: Role,
    id: &'static str,
    title: &'static str,
    clause: &'static str,
    method: &'static str,
    path: &'static str,
    names: Names,
    body: &'static str,
) -> Operation {
    Operation { id, title, clause, role, method, path, item: true, names, body }
}

impl Operation {
    /// The operation that makes its items.
    pub(super) fn maker(&self) -> Option<&'static Operation> {
        OPERATIONS.iter().find(|op| self.item && op.path == self.path && !op.item)
    }
}

/// The operations of a role that change nothing or can be undone, in the order in which a run tries them as its good request.
pub(super) fn candidates(role: Role) -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().filter(move |op| op.role == role && !op.item).take(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn bodies_are_json_and_name_the_client_where_the_filter_looks() {
        for op in OPERATIONS {
            let text = op.body(&format!("\"{}\":\"a\"", op.member()), op.takes_ue().then_some("\"u\""));
            let Some(text) = text else { continue };
            let body: Value =
                serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}: {text}", op.id));
            let named = match op.names {
                Names::Nobody => continue,
                Names::EecId | Names::RequestorId | Names::UeId => {
                    body.pointer(&format!("/{}", op.member())).or(body.pointer("/requestorId/eecId"))
                }
            };
            assert_eq!(named, Some(&json!("a")), "{}", op.id);
            assert_eq!(body.get("ueId").is_some(), op.takes_ue() || op.names == Names::UeId, "{}", op.id);
            assert_eq!(op.maker().is_some(), op.item, "{}", op.id);
        }
    }

    #[test]
    fn they_are_the_built_in_operations_of_the_filter() {
        use eec_authn::policy::operations::OPERATIONS as BUILT_IN;
        let ours = OPERATIONS.iter().map(Operation::listed);
        let mut ours: Vec<String> = ours.collect();

        let built_in = BUILT_IN.iter().map(|op| format!("{} /{}/v1{}", op.method, op.api, op.resource));
        let mut built_in: Vec<String> = built_in.collect();
        ours.sort();
        built_in.sort();
        assert_eq!(ours, built_in);
    }
}
