//! The operations of EDGE-1 and EDGE-4 that name a client (TS 24.558 and TS 29.558), as far as their cases need them.

use serde_json::json;

/// Which server the target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Role {
    /// An Edge Enabler Server: EDGE-1.
    #[value(name = "ees")]
    Ees,
    /// An edge Configuration Server: EDGE-4.
    #[value(name = "ecs")]
    Ecs,
}

/// One operation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Operation {
    /// Its part of a case's identifier.
    pub(super) id: &'static str,
    /// In words.
    pub(super) title: &'static str,
    /// The API in the specification.
    pub(super) clause: &'static str,
    /// The interface it belongs to.
    pub(super) role: Role,
    /// The method.
    pub(super) method: &'static str,
    /// The path below the API root; for an item that of its collection.
    pub(super) path: &'static str,
    /// Whether it is on an item of the collection.
    pub(super) item: bool,
    /// The member that names the client.
    pub(super) names: Names,
    /// The body: `$ID` is the member that names the client, `$UE` stands where `ueId` would, with its comma.
    pub(super) body: &'static str,
}

/// How a body names the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// `eecId`, the EEC ID.
    EecId,
    /// `requestorId`, the EEC ID as a string.
    RequestorId,
    /// `ueId`, which is all there is.
    UeId,
    /// It does not: who made the resource is known.
    Nobody,
}

impl Operation {
    /// The member that names the client.
    pub(super) fn member(&self) -> &'static str {
        match self.names {
            Names::EecId | Names::Nobody => "eecId",
            Names::RequestorId => "requestorId",
            Names::UeId => "ueId",
        }
    }

    /// The body in which `id`, JSON members as text, stand where the client is named; `None`: the operation has no body.
    pub(super) fn body(&self, id: &str, ue: Option<&str>) -> Option<String> {
        let ue = ue.map(|ue| format!("\"ueId\":{ue},")).unwrap_or_default();
        (!self.body.is_empty()).then(|| self.body.replace("$UE", &ue).replace("$ID", id))
    }

    /// The body that names this EEC, or UE.
    pub(super) fn body_of(&self, id: &str) -> Option<String> {
        self.body(&format!("\"{}\":{}", self.member(), json!(id)), None)
    }

    /// Whether its body may have a UE ID beside the EEC ID.
    pub(super) fn takes_ue(&self) -> bool {
        self.body.contains("$UE")
    }

    /// The media type of its body.
    pub(super) fn media_type(&self) -> &'static str {
        if self.method == "PATCH" { "application/merge-patch+json" } else { "application/json" }
    }

    /// Method and resource.
    pub(super) fn listed(&self) -> String {
        format!("{} {}{}", self.method, self.path, if self.item { "/{id}" } else { "" })
    }
}
