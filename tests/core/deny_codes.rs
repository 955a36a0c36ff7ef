//! `docs/contract.md#decisions` against the code: every row, in its order.

use crate::support::contract::{Challenge, ROWS};
use eec_authn::decision::{Challenge as Own, Check, DenyReason};

#[test]
fn codes_statuses_and_errors_are_those_of_the_table_in_its_order() {
    let challenge = |reason: &DenyReason| match reason.challenge() {
        Own::Error(error) => Challenge::Error(error),
        Own::Plain => Challenge::Realm,
        Own::None => Challenge::None,
    };
    let own: Vec<(&str, u16, Challenge)> = DenyReason::ALL
        .iter()
        .map(|reason| (reason.code(), reason.status().code(), challenge(reason)))
        .collect();
    let table: Vec<(&str, u16, Challenge)> =
        ROWS.iter().map(|row| (row.code, row.status, row.challenge)).collect();
    assert_eq!(own, table);
    assert!(DenyReason::ALL.is_sorted(), "the order of the reasons is that of the checks");
    let checks: Vec<Check> = DenyReason::ALL.iter().map(|reason| reason.check()).collect();
    assert!(checks.is_sorted(), "the order of the checks is that of the reasons");
    assert!(Check::ALL.iter().all(|check| checks.contains(check)), "a check without a code");
}
