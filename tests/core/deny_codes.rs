//! Section 3 of the contract against the code: every row, in its order.

use crate::support::contract::{Challenge, ROWS};
use eec_authn::decision::{BearerError, DenyReason};

#[test]
fn codes_statuses_and_errors_are_those_of_the_table_in_its_order() {
    let challenge = |reason: &DenyReason| match reason.bearer_error() {
        Some(BearerError::InvalidRequest) => Challenge::Error("invalid_request"),
        Some(BearerError::InvalidToken) => Challenge::Error("invalid_token"),
        Some(BearerError::InsufficientScope) => Challenge::Error("insufficient_scope"),
        None if reason.challenges() => Challenge::Realm,
        None => Challenge::None,
    };
    let own: Vec<(&str, u16, Challenge)> =
        DenyReason::ALL.iter().map(|reason| (reason.code(), reason.status(), challenge(reason))).collect();
    let table: Vec<(&str, u16, Challenge)> =
        ROWS.iter().map(|row| (row.code, row.status, row.challenge)).collect();
    assert_eq!(own, table);
    assert!(DenyReason::ALL.is_sorted(), "the order of the reasons is that of the checks");
}
