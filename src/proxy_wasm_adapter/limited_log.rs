//! Log lines that requests bring about, at a limited rate. Each configuration of a worker has its own limit: a flood at one
//! listener does not silence another.

use super::hostcalls::{self, Level};
use crate::decision::Denial;
use crate::log_limit::{LineKind, LogLimit};
use std::cell::RefCell;

/// The log of one configuration in one worker.
pub(super) struct LimitedLog {
    /// The configuration's name: the host tells of the plugin, which others may share.
    name: Option<Box<str>>,
    limit: RefCell<LogLimit>,
}

impl LimitedLog {
    pub(super) fn new(name: Option<Box<str>>) -> LimitedLog {
        LimitedLog { name, limit: RefCell::default() }
    }

    /// Writes why a request was, or would have been, refused. A [`Denial`] names no token, claim or key.
    pub(super) fn denial(&self, verdict: &str, denial: &Denial) {
        self.write(LineKind::Denial, || {
            format!("{verdict} {}: {}", denial.reason.code(), denial.explained())
        });
    }

    /// Writes a line if there is room for one of its kind.
    pub(super) fn write(&self, kind: LineKind, line: impl FnOnce() -> String) {
        let now = hostcalls::now().unwrap_or_default();
        let Some(left_out) = self.limit.borrow_mut().admit(kind, now) else { return };
        let mut line = match &self.name {
            Some(name) => format!("{name}: {}", line()),
            None => line(),
        };
        if left_out > 0 {
            line.push_str(&format!(" ({left_out} more {} were not logged)", kind.several()));
        }
        let level = match kind {
            LineKind::Denial => Level::Info,
            LineKind::Keys => Level::Warn,
            LineKind::NoAnswer | LineKind::NotRemembered => Level::Error,
        };
        hostcalls::log(level, &line);
    }
}
