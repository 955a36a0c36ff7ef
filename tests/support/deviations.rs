//! Where the product answers otherwise than published tests want, and why. It fails both to deviate without an entry
//! and to have an entry without deviating.

use std::collections::{BTreeMap, BTreeSet};

/// A set of tests, and the name of one in it.
pub type Case = (String, String);

/// The entries of a file, with their reasons.
pub struct Deviations(BTreeMap<Case, String>);

impl Deviations {
    /// Lines of `sets cases reason`; sets and cases are lists with commas, and `1-3` are the cases 1, 2 and 3.
    pub fn read(text: &str) -> Self {
        let mut all = BTreeMap::new();
        for line in text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let mut words = line.splitn(3, ' ');
            let (Some(sets), Some(cases), Some(reason)) = (words.next(), words.next(), words.next()) else {
                panic!("not `sets cases reason`: {line}");
            };
            for set in sets.split(',') {
                for case in cases.split(',').flat_map(spelled_out) {
                    let twice = all.insert((set.to_owned(), case.clone()), reason.to_owned());
                    assert!(twice.is_none(), "{set} {case} is there twice");
                }
            }
        }
        Self(all)
    }

    /// The names of all sets.
    pub fn sets(&self) -> BTreeSet<&str> {
        self.0.keys().map(|(set, _)| set.as_str()).collect()
    }

    /// Holds the deviations that were found in the sets which `ran` against the entries.
    pub fn check(&self, ran: impl Fn(&str) -> bool, found: &BTreeSet<Case>) {
        let expected: BTreeSet<Case> = self.0.keys().filter(|(set, _)| ran(set)).cloned().collect();
        let unexplained: Vec<_> = found.difference(&expected).collect();
        let outdated: Vec<_> = expected.difference(found).map(|case| (case, &self.0[case])).collect();
        assert!(unexplained.is_empty(), "deviations without an entry: {unexplained:?}");
        assert!(outdated.is_empty(), "entries without a deviation: {outdated:?}");
    }
}

/// The cases of `1-3`; whatever is no range of numbers is the name of one case.
fn spelled_out(case: &str) -> Vec<String> {
    let numbers = |(first, last): (&str, &str)| Some(first.parse::<u64>().ok()?..=last.parse().ok()?);
    match case.split_once('-').and_then(numbers) {
        Some(range) => range.map(|number| number.to_string()).collect(),
        None => vec![case.to_owned()],
    }
}
