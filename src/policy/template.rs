//! Path templates: `/a/{id}/b`, where `{id}` stands for one segment that is not empty.

use super::path;

/// A path template, as segments; `None` stands for any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Option<Box<str>>>);

impl Template {
    /// Parses a template: `{name}` only as a whole segment, the rest in normal form.
    pub fn parse(text: &str) -> Option<Template> {
        let mut segments = Vec::new();
        for segment in text.strip_prefix('/')?.split('/') {
            let name = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'));
            match name {
                Some(name) if !name.is_empty() && !name.contains(['{', '}']) => segments.push(None),
                Some(_) => return None,
                None if segment.contains(['{', '}']) => return None,
                None => segments.push(Some(path::text_in_one_spelling(segment))),
            }
        }
        let template = Template(segments);
        let good = !text.contains('?') && path::is_normal(template.example().as_bytes());
        good.then_some(template)
    }

    /// Some path of this form.
    pub fn example(&self) -> String {
        self.0.iter().map(|segment| format!("/{}", segment.as_deref().unwrap_or("x"))).collect()
    }

    /// Whether `path` is of this form.
    pub fn matches(&self, path: &[u8]) -> bool {
        let Some(rest) = path.strip_prefix(b"/") else { return false };
        let mut given = rest.split(|b| *b == b'/');
        let all = self.0.iter().all(|segment| match (segment, given.next()) {
            (Some(fixed), Some(given)) => fixed.as_bytes() == given,
            (None, Some(given)) => !given.is_empty(),
            (_, None) => false,
        });
        all && given.next().is_none()
    }

    /// Whether every path of `other` is of this form as well.
    pub fn covers(&self, other: &Template) -> bool {
        let wider = |(own, other): (&Option<Box<str>>, &Option<Box<str>>)| match (own, other) {
            (None, Some(fixed)) => !fixed.is_empty(),
            (own, other) => own.is_none() || own == other,
        };
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(wider)
    }

    /// Whether every path of this form is `prefix` or lies below it, by whole segments.
    pub fn is_below(&self, prefix: &str) -> bool {
        let mut own = self.segments();
        prefix.split('/').skip(1).all(|segment| own.next() == Some(Some(segment)))
    }

    /// Whether some path of this form is `prefix` or lies below it.
    pub fn meets(&self, prefix: &str) -> bool {
        let mut own = self.segments();
        prefix.split('/').skip(1).all(|segment| match own.next() {
            Some(Some(fixed)) => fixed == segment,
            Some(None) => !segment.is_empty(),
            None => false,
        })
    }

    /// Whether some path is of both forms.
    pub fn overlaps(&self, other: &Template) -> bool {
        let alike = |(own, other): (&Option<Box<str>>, &Option<Box<str>>)| match (own, other) {
            (Some(own), Some(other)) => own == other,
            (Some(fixed), None) | (None, Some(fixed)) => !fixed.is_empty(),
            (None, None) => true,
        };
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(alike)
    }

    /// The segments; `None` stands for any.
    pub fn segments(&self) -> impl Iterator<Item = Option<&str>> {
        self.0.iter().map(|segment| segment.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All paths and templates of up to three of these segments, an empty one at the end alone.
    fn of_segments(segments: [&str; 3]) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut longest = all.clone();
        for _ in 0..3 {
            longest = longest
                .iter()
                .flat_map(|start| segments.map(|segment| format!("{start}/{segment}")))
                .collect();
            all.extend(longest.iter().flat_map(|path| [path.clone(), format!("{path}/")]));
        }
        all.split_off(1)
    }

    #[test]
    fn what_is_said_of_all_paths_of_a_template_holds_for_each() {
        let paths = of_segments(["a", "b", "c"]);
        let templates: Vec<_> = of_segments(["a", "b", "{id}"])
            .into_iter()
            .map(|text| {
                let template = Template::parse(&text).expect("a template");
                let own: Vec<&str> = paths
                    .iter()
                    .map(|path| &**path)
                    .filter(|path| template.matches(path.as_bytes()))
                    .collect();
                (text, template, own)
            })
            .collect();
        let below = |path: &str, prefix: &str| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        for (text, template, own) in &templates {
            for (other_text, other, others) in &templates {
                let names = format!("{text} and {other_text}");
                let covers = others.iter().all(|path| own.contains(path));
                assert_eq!(template.covers(other), covers, "{names}");
                assert_eq!(template.overlaps(other), others.iter().any(|path| own.contains(path)), "{names}");
            }
            for prefix in ["", "/a", "/b", "/a/b", "/a/b/c"] {
                assert_eq!(
                    template.is_below(prefix),
                    own.iter().all(|path| below(path, prefix)),
                    "{text} {prefix}"
                );
                assert_eq!(
                    template.meets(prefix),
                    own.iter().any(|path| below(path, prefix)),
                    "{text} {prefix}"
                );
            }
        }
    }

    #[test]
    fn a_name_is_a_whole_segment_and_the_rest_in_normal_form() {
        for text in ["/{id}", "/a/{a name}/", "/%c3%bc/{id}"] {
            assert!(Template::parse(text).is_some(), "{text}");
        }
        for text in [
            "", "a", "/{}", "/{a{b}", "/{a}b}", "/x{id}", "/{id", "/a?b", "/{id}?b", "/a//b", "/%61",
            "/{id}/..",
        ] {
            assert!(Template::parse(text).is_none(), "{text}");
        }
    }
}
