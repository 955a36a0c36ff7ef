//! Finds the first rule that takes a request without trying each: a tree over path segments.
//!
//! Each rule hangs at the place that its most telling path member names; a request walks down its own path
//! and sees only the rules on the way. Nothing is allocated.

use super::ApiRoot;
use super::rule::{Matcher, Rule};
use std::sync::Arc;

/// The rules of a configuration, in their order.
#[derive(Debug, Default)]
pub struct Rules {
    rules: Vec<Arc<Rule>>,
    root: Place,
}

/// A place in the tree of paths. Rules are named by their number, smallest first.
#[derive(Debug, Default)]
struct Place {
    /// Children by segment, sorted.
    fixed: Vec<(Box<str>, Place)>,
    /// The child for a segment that may be anything.
    any: Option<Box<Place>>,
    /// Rules for exactly this path.
    here: Vec<usize>,
    /// Rules for this path and all below.
    below: Vec<usize>,
}

impl Rules {
    /// Arranges `rules`; `api_root` is where the built-in APIs are.
    pub fn new(rules: Vec<Rule>, api_root: &ApiRoot) -> Rules {
        let mut root = Place::default();
        for (number, rule) in rules.iter().enumerate() {
            root.insert(&rule.matcher, number, api_root);
        }
        Rules { rules: rules.into_iter().map(Arc::new).collect(), root }
    }

    /// The rules, in their order.
    pub fn as_slice(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// The first rule on `path` that `takes` it, and its number.
    pub fn first(&self, path: &[u8], takes: &dyn Fn(&Matcher) -> bool) -> Option<(usize, &Arc<Rule>)> {
        let mut best = self.rules.len();
        if best > 0 {
            let segments = path.strip_prefix(b"/").unwrap_or(path);
            self.root.walk(Some(segments), &mut |number| {
                if number < best && self.rules.get(number).is_some_and(|rule| takes(&rule.matcher)) {
                    best = number;
                }
            });
        }
        self.rules.get(best).map(|rule| (best, rule))
    }
}

impl Place {
    fn insert(&mut self, matcher: &Matcher, number: usize, api_root: &ApiRoot) {
        if let Some(path) = &matcher.path {
            let place = path.split('/').skip(1).fold(self, |place, segment| place.child(Some(segment)));
            place.here.push(number);
        } else if let Some(template) = &matcher.path_template {
            let place = template.segments().fold(self, |place, segment| place.child(segment));
            place.here.push(number);
        } else {
            let prefix = match (&matcher.path_prefix, &matcher.api) {
                (Some(prefix), _) => prefix.to_string(),
                (None, Some(api)) => api_root.join(api),
                (None, None) => String::new(),
            };
            let place = prefix.split('/').skip(1).fold(self, |place, segment| place.child(Some(segment)));
            place.below.push(number);
        }
    }

    fn child(&mut self, segment: Option<&str>) -> &mut Place {
        let Some(segment) = segment else { return self.any.get_or_insert_default() };
        let at = match self.fixed.binary_search_by(|(own, _)| (**own).cmp(segment)) {
            Ok(at) => at,
            Err(at) => {
                self.fixed.insert(at, (segment.into(), Place::default()));
                at
            }
        };
        // `at` is where the segment has just been found or put.
        #[allow(clippy::indexing_slicing)]
        &mut self.fixed[at].1
    }

    /// Calls `see` with the rules on the way along `rest` (`None`: the path ends here). Templates may make
    /// it visit several branches, each a rule's.
    fn walk(&self, rest: Option<&[u8]>, see: &mut dyn FnMut(usize)) {
        self.below.iter().for_each(|number| see(*number));
        let Some(rest) = rest else {
            self.here.iter().for_each(|number| see(*number));
            return;
        };
        let (segment, rest) = match rest.iter().position(|b| *b == b'/') {
            Some(slash) => (rest.get(..slash).unwrap_or_default(), rest.get(slash.saturating_add(1)..)),
            None => (rest, None),
        };
        let found = self.fixed.binary_search_by(|(own, _)| own.as_bytes().cmp(segment));
        if let Some((_, child)) = found.ok().and_then(|at| self.fixed.get(at)) {
            child.walk(rest, see);
        }
        if let Some(any) = &self.any {
            any.walk(rest, see);
        }
    }
}
