//! Names that some reader takes for another name.
//!
//! Readers fold case (Go, Jackson, .NET), drop separators (fastjson), normalize (NFKC), do not look at accents (collations of
//! databases, whoever makes names ASCII), or end a name at U+0000 (cJSON, json-c).
//! Which characters outside ASCII a reader drops, and whether before or after it normalizes, depends on the reader and on the Unicode
//! version it was built with: so here each of them may be dropped, and each may be what it stands for.

use crate::ascii_twin::{ascii_base, ascii_twin};

/// The name of a member that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    text: Box<str>,
    /// What is left of it once folded, if it is a name of ASCII characters that have letters or digits among them.
    skeleton: Option<Box<[u8]>>,
}

impl Name {
    pub(super) fn new(text: &str) -> Name {
        let skeleton: Box<[u8]> = skeleton(text).collect();
        let usable = text.is_ascii() && !skeleton.is_empty();
        Name { text: text.into(), skeleton: usable.then_some(skeleton) }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `other` is another name that some reader takes for this one.
    pub(super) fn is_look_alike(&self, other: &str) -> bool {
        if *other == *self.text {
            return false;
        }
        let before_nul = other.split_once('\0').map(|(head, _)| head);
        self.folds_like(other) || before_nul.is_some_and(|head| *head == *self.text || self.folds_like(head))
    }

    /// Whether some reader takes `other` for the way over `names`, written as one (`requestorId.eecId`): lodash and Laravel do.
    pub(super) fn is_way_over(names: &[Name], other: &str) -> bool {
        let skeletons: Option<Vec<&[u8]>> = names.iter().map(|name| name.skeleton.as_deref()).collect();
        skeletons.is_some_and(|skeletons| may_be_read(other, &skeletons.concat()))
    }

    fn folds_like(&self, other: &str) -> bool {
        match &self.skeleton {
            Some(own) => may_be_read(other, own),
            // Without letters of ASCII there is nothing to compare but case.
            None => fold_case(other).eq(fold_case(&self.text)),
        }
    }
}

/// The ASCII letters and digits of a name, in lower case.
fn skeleton(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase())
}

/// Whether `wanted` is left of `name`, where each character outside ASCII is dropped or stands for its ASCII letters, with accents or without.
fn may_be_read(name: &str, wanted: &[u8]) -> bool {
    if name.is_ascii() {
        return skeleton(name).eq(wanted.iter().copied());
    }
    // Flag n: the first n letters of `wanted` may have been read so far.
    let mut reached: Vec<bool> = (0..=wanted.len()).map(|letters| letters == 0).collect();
    for c in name.chars() {
        match u8::try_from(c).ok().filter(u8::is_ascii) {
            Some(byte) if byte.is_ascii_alphanumeric() => {
                read(&mut reached, wanted, &[&[byte.to_ascii_lowercase()]], Dropped::Never);
            }
            Some(_) => {}
            None => {
                let readings = [&*ascii_twin(c).collect::<Vec<u8>>(), ascii_base(c).as_bytes()];
                read(&mut reached, wanted, &readings, Dropped::Perhaps);
            }
        }
    }
    reached.last() == Some(&true)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dropped {
    Never,
    Perhaps,
}

/// Reads one character that stands for one of `readings`, or is dropped. From the end, so that no place is left twice.
fn read(reached: &mut [bool], wanted: &[u8], readings: &[&[u8]], dropped: Dropped) {
    for at in (0..reached.len()).rev() {
        let Some(here) = reached.get_mut(at) else { continue };
        let was_here = std::mem::replace(here, *here && dropped == Dropped::Perhaps);
        for letters in readings.iter().filter(|letters| !letters.is_empty()) {
            let fits = was_here && wanted.get(at..).is_some_and(|rest| rest.starts_with(letters));
            if let Some(there) = reached.get_mut(at.saturating_add(letters.len())).filter(|_| fits) {
                *there = true;
            }
        }
    }
}

fn fold_case(name: &str) -> impl Iterator<Item = char> {
    name.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}
