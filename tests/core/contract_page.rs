//! The table of decisions in `docs/contract.md#decisions` against the code: codes, statuses, errors and order, and that
//! a mark *(not built yet)* goes with what it stands at.

use eec_authn::decision::{Challenge, DenyReason};
use std::fs;
use std::path::Path;

struct Row {
    codes: Vec<String>,
    status: String,
    error: String,
    built: bool,
}

fn table() -> Vec<Row> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/contract.md");
    let page = fs::read_to_string(page).expect("the contract");
    let (_, section) = page.split_once("<a id=\"decisions\"></a>").expect("the section");
    let (section, _) = section.split_once("<a id=\"replies\"></a>").expect("its end");
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        Row {
            codes: cells[1].split('`').skip(1).step_by(2).map(str::to_owned).collect(),
            status: cells[2].to_owned(),
            error: cells[3].to_owned(),
            built: !cells[1].contains("(not built yet)"),
        }
    })
    .collect()
}

#[test]
fn the_code_has_the_rows_of_the_page_in_their_order() {
    let promised: Vec<(String, String, String)> = table()
        .iter()
        .filter(|row| row.built)
        .flat_map(|row| row.codes.iter().map(|code| (code.clone(), row.status.clone(), row.error.clone())))
        .collect();
    let error = |reason: &DenyReason| match reason.challenge() {
        Challenge::Error(error) => error,
        Challenge::Plain => "none",
        Challenge::None => "–",
    };
    let own: Vec<(String, String, String)> = DenyReason::ALL
        .iter()
        .map(|reason| {
            (reason.code().to_owned(), reason.status().code().to_string(), error(reason).to_owned())
        })
        .collect();
    assert_eq!(own, promised);
}

#[test]
fn what_is_marked_as_not_built_is_not_built() {
    let rows = table();
    let marked: Vec<&String> = rows.iter().filter(|row| !row.built).flat_map(|row| &row.codes).collect();
    for code in marked {
        assert!(
            DenyReason::ALL.iter().all(|reason| reason.code() != code),
            "`{code}` is built: take its mark away"
        );
    }
}
