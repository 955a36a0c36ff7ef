//! The decision cases, natively; `wasm_core` runs the same in Node.

mod decision_cases;

#[test]
fn every_case_of_every_table() {
    decision_cases::run_all();
}
