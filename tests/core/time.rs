//! NumericDates and the RFC 3339 of key windows.

use eec_authn::time::UnixTime;

fn seconds(text: &str) -> Option<f64> {
    UnixTime::from_rfc3339(text).map(UnixTime::seconds)
}

#[test]
fn rfc_3339_in_utc_with_whole_seconds() {
    for (text, expected) in [
        ("1970-01-01T00:00:00Z", 0.0),
        ("2000-02-29T23:59:59Z", 951_868_799.0),
        ("2026-10-01T00:00:00Z", 1_790_812_800.0),
        ("2038-01-19T03:14:08Z", 2_147_483_648.0),
        ("9999-12-31T23:59:59Z", 253_402_300_799.0),
    ] {
        assert_eq!(seconds(text), Some(expected), "{text}");
    }
}

#[test]
fn all_else_is_no_time() {
    for text in [
        "",
        "2026-10-01",
        "2026-10-01T00:00:00",
        "2026-10-01T00:00:00z",
        "2026-10-01t00:00:00Z",
        "2026-10-01 00:00:00Z",
        "2026-10-01T00:00:00+00:00",
        "2026-10-01T00:00:00.5Z",
        "2026-10-01T00:00:00.000Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-10-00T00:00:00Z",
        "2026-10-01T24:00:00Z",
        "2026-10-01T00:60:00Z",
        "2026-10-01T00:00:60Z",
        "1969-12-31T23:59:59Z",
        "10000-01-01T00:00:00Z",
        "+026-10-01T00:00:00Z",
        "2026-1-01T00:00:00Z",
        " 2026-10-01T00:00:00Z",
        "2026-10-01T00:00:00Z ",
        "2026-10-01T00:00:00ZZ",
        "1790812800",
        "２026-10-01T00:00:00Z",
        "2026/10/01T00:00:00Z",
    ] {
        assert_eq!(seconds(text), None, "{text:?}");
    }
}

#[test]
fn what_lies_before_1970_is_a_time_all_the_same() {
    for text in
        ["1969-12-31T23:59:59Z", "1968-02-29T00:00:00Z", "1600-02-29T00:00:00Z", "0000-01-01T00:00:00Z"]
    {
        assert!(UnixTime::is_rfc3339_before_1970(text), "{text}");
        assert_eq!(seconds(text), None, "{text}");
    }
    for text in [
        "",
        "1970-01-01T00:00:00Z",
        "2026-10-01T00:00:00Z",
        "1969",
        "1969-12-31",
        "1969-13-01T00:00:00Z",
        "1969-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "1969-12-31T24:00:00Z",
        "+969-12-31T23:59:59Z",
        "-001-12-31T23:59:59Z",
        "969-12-31T23:59:59Z",
        "１969-12-31T23:59:59Z",
    ] {
        assert!(!UnixTime::is_rfc3339_before_1970(text), "{text}");
    }
}

#[test]
fn times_are_finite_and_written_as_dates() {
    assert_eq!(UnixTime::new(f64::NAN), None);
    assert_eq!(UnixTime::new(f64::INFINITY), None);
    assert_eq!(UnixTime::new(f64::NEG_INFINITY), None);
    let shown = |s: f64| UnixTime::new(s).unwrap().to_string();
    assert_eq!(shown(1_790_812_800.0), "2026-10-01T00:00:00Z");
    assert_eq!(shown(-1.0), "-1 s since 1970");
    assert!(shown(1e300).ends_with(" s since 1970"));
    assert_eq!(shown(f64::MAX).lines().count(), 1);
}

#[test]
fn clocks_and_arithmetic() {
    assert_eq!(UnixTime::from_nanoseconds(1_500_000_000).seconds(), 1.5);
    assert_eq!(UnixTime::from_nanoseconds(0), UnixTime::new(0.0).unwrap());
    let time = UnixTime::new(100.0).unwrap();
    assert_eq!(time.plus(30.0).seconds(), 130.0);
    assert_eq!(time.plus(-30.5).seconds(), 69.5);
    assert!(time < time.plus(0.5));
}
