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
                None => segments.push(Some(segment.into())),
            }
        }
        let plain: String = segments.iter().map(|s| format!("/{}", s.as_deref().unwrap_or("x"))).collect();
        (!text.contains('?') && path::is_normal(plain.as_bytes())).then_some(Template(segments))
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

    /// The segments; `None` stands for any.
    pub fn segments(&self) -> impl Iterator<Item = Option<&str>> {
        self.0.iter().map(|segment| segment.as_deref())
    }
}
