//! What the clock says: an expired key is no error, since that depends on when one looks.

use super::super::error::ConfigError;
use crate::policy::Policy;
use crate::time::UnixTime;

/// Keys that end within this many seconds are worth a warning.
const SOON_SECONDS: f64 = 30.0 * 86_400.0;

/// Advice about an accepted configuration that is looked at `now`.
pub fn dates(policy: &Policy, now: UnixTime) -> Vec<ConfigError> {
    let mut found = Vec::new();
    for (s, server) in policy.entitlement_servers.iter().enumerate() {
        let mut say = |message: String| {
            found.push(ConfigError { path: format!("entitlement_servers[{s}].keys"), message })
        };
        let (mut usable, mut pinned) = (0_usize, 0_usize);
        for key in server.keys.keys() {
            let name = key.kid.as_deref().unwrap_or(key.key.thumbprint());
            pinned = pinned.saturating_add(1);
            match (key.window.not_before, key.window.not_after) {
                (_, Some(end)) if end <= now => say(format!("key `{name}` is over since {end}")),
                (Some(start), _) if now < start => say(format!("key `{name}` is not valid before {start}")),
                (_, end) => {
                    usable = usable.saturating_add(1);
                    if let Some(end) = end.filter(|end| *end <= now.plus(SOON_SECONDS)) {
                        say(format!("key `{name}` ends soon, at {end}; pin its successor"));
                    }
                }
            }
        }
        if pinned > 0 && usable == 0 {
            say("no key is valid now: every token of this server is refused; pin one that is".into());
        }
    }
    if let Some(limit) = policy.revoked.issued_before().filter(|limit| *limit > now) {
        let message = format!("{limit} lies ahead: until then every token is refused, new ones too");
        found.push(ConfigError { path: "revoked.issued_before".into(), message });
    }
    found
}
