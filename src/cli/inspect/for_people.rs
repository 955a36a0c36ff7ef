//! Times and faults, in words.

use crate::cli::clock;
use crate::cli::failure::Failure;
use eec_authn::keys::KeyErrors;
use eec_authn::time::UnixTime;

/// A time for people: RFC 3339, and how far away.
pub(super) fn dated(seconds: f64) -> String {
    // The end of the year 9999, which is that of RFC 3339.
    if !(0.0..253_402_300_800.0).contains(&seconds) {
        return format!("{seconds:e} s since 1970, on no calendar");
    }
    let away = seconds - clock::now() as f64;
    let (amount, unit) = match away.abs() {
        n if n < 120.0 => (n, "seconds"),
        n if n < 7_200.0 => (n / 60.0, "minutes"),
        n if n < 172_800.0 => (n / 3_600.0, "hours"),
        n => (n / 86_400.0, "days"),
    };
    let direction = if away < 0.0 { "ago" } else { "from now" };
    let time = UnixTime::new(seconds).map(|t| t.to_string()).unwrap_or_default();
    format!("{time} ({amount:.0} {unit} {direction})")
}

/// What is wrong with a key.
pub(super) fn faults(errors: KeyErrors) -> Failure {
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    Failure::new(texts.join("; "))
}
