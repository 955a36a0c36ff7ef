//! The decision cases, natively; `wasm_core` runs the same in Node.

#[test]
fn every_case_of_every_table() {
    crate::decision_cases::run_all();
}
