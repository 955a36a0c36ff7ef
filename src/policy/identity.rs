//! Where the bodies of the built-in operations name the client (TS 24.558 V18), a row each.

use crate::json::Pointer;

/// Whether the EEC ID must be in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Without it, nobody is named.
    Required,
    /// Where it is, it must be the client's.
    IfThere,
}

/// How the UE ID of the body, `/ueId`, is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UeId {
    /// The body has none.
    None,
    /// As the configuration says.
    AsConfigured,
    /// It must be there and be the client's own: nothing else says whom the request is about.
    Own,
}

use Presence::{IfThere, Required};

macro_rules! identities {
    ($($variant:ident, $eec_id:expr, $ue_id:ident, $absent:expr, $doc:literal;)*) => {
        /// Where a body names the EEC and the UE.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Identity {
            $(#[doc = $doc] $variant,)*
        }

        impl Identity {
            /// What is compared in such a body.
            fn places(self) -> Places {
                match self {
                    $(Identity::$variant => Places::new($eec_id, UeId::$ue_id, $absent),)*
                }
            }
        }

        /// The places of every identity, ready to be looked at.
        #[derive(Debug)]
        pub struct Identities([Places; [$(Identity::$variant,)*].len()]);

        impl Default for Identities {
            fn default() -> Identities {
                Identities([$(Identity::$variant.places(),)*])
            }
        }

        impl Identities {
            /// The places of this identity.
            pub fn of(&self, identity: Identity) -> &Places {
                let Identities(places) = self;
                // Both have a row for each variant, in the same order.
                #[allow(clippy::indexing_slicing)]
                &places[identity as usize]
            }
        }
    };
}

identities! {
    NoBody, None, None, &[], "There is no body to look at (DELETE).";
    EecId, Some(("/eecId", Required)), AsConfigured, &[], "`/eecId` must be there; `/ueId` may.";
    EecIdOnly, Some(("/eecId", Required)), None, &[], "`/eecId` must be there; the body names no UE.";
    Patch, Some(("/eecId", IfThere)), AsConfigured, &[], "Neither must be there: a merge patch (RFC 7396).";
    RequestorObject, Some(("/requestorId/eecId", Required)), AsConfigured, &["/requestorId/easId", "/requestorId/eesId"],
        "`/requestorId/eecId` must be there, with no other kind of requestor; `/ueId` may.";
    RequestorString, Some(("/requestorId", Required)), AsConfigured, &[], "`/requestorId` must be there, a string; `/ueId` may.";
    OwnUeId, None, Own, &["/ipAddr"],
        "`/ueId` must be there, whatever the token names, and `/ipAddr` must not: it would ask for whoever has that address.";
}

/// What is compared in a body.
#[derive(Debug)]
pub struct Places {
    /// Where the EEC ID is.
    pub eec_id: Option<(Pointer, Presence)>,
    /// How the UE ID is bound, and where it is.
    pub ue_id: (UeId, Pointer),
    /// Where nothing may be.
    pub absent: Vec<Pointer>,
}

impl Places {
    fn new(eec_id: Option<(&str, Presence)>, ue_id: UeId, absent: &[&str]) -> Places {
        let eec_id = eec_id.and_then(|(place, presence)| Some((Pointer::parse(place)?, presence)));
        let absent = absent.iter().filter_map(|place| Pointer::parse(place)).collect();
        Places { eec_id, ue_id: (ue_id, Pointer::to_member("ueId")), absent }
    }

    /// Every place that is looked at.
    pub fn all(&self) -> impl Iterator<Item = &Pointer> {
        let ue_id = (self.ue_id.0 != UeId::None).then_some(&self.ue_id.1);
        self.eec_id.iter().map(|(place, _)| place).chain(ue_id).chain(&self.absent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_every_row_is_a_pointer() {
        let identities = Identities::default();
        let places = |identity| identities.of(identity).all().map(Pointer::as_str).collect::<Vec<_>>();
        assert_eq!(places(Identity::NoBody), [""; 0]);
        assert_eq!(places(Identity::EecIdOnly), ["/eecId"]);
        assert_eq!(
            places(Identity::RequestorObject),
            ["/requestorId/eecId", "/ueId", "/requestorId/easId", "/requestorId/eesId"]
        );
        assert_eq!(places(Identity::OwnUeId), ["/ueId", "/ipAddr"]);
    }
}
