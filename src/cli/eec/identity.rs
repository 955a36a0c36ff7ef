//! Who the client is.

use serde_json::{Value, json};

/// An EEC, and the UE that it runs on.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// The EEC ID.
    pub(crate) eec_id: String,
    /// The UE ID, a GPSI.
    pub(crate) ue_id: Option<String>,
}

impl Identity {
    /// A body with `eecId`, and `ueId` if there is one.
    pub(crate) fn named(&self, mut body: Value) -> Value {
        body["eecId"] = json!(self.eec_id);
        self.with_ue(body)
    }

    /// The body of a discovery, which names the client within an object.
    pub(crate) fn as_requestor(&self) -> Value {
        self.with_ue(json!({"requestorId": {"eecId": self.eec_id}}))
    }

    /// One of many that differ in a number only: `{number}` in either name stands for it.
    pub(crate) fn numbered(&self, n: usize) -> Identity {
        let put = |text: &str| text.replace("{number}", &n.to_string());
        Identity { eec_id: put(&self.eec_id), ue_id: self.ue_id.as_deref().map(put) }
    }

    fn with_ue(&self, mut body: Value) -> Value {
        if let Some(ue_id) = &self.ue_id {
            body["ueId"] = json!(ue_id);
        }
        body
    }
}
