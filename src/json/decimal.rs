//! Floats as decimals.

/// A number as JSON text without an exponent: the first decimal, of 17 digits behind the point at most, that reads as the same number.
/// `None`: there is none, or it is not finite. The library's way of writing any float in the shortest form is 20 KB of code.
pub fn decimal(number: f64) -> Option<String> {
    let mut power = 1.0;
    for decimals in 0..=17_usize {
        // A cast of a float saturates, and what saturates does not read as the same.
        let text = with_decimals((number * power).round() as i128, decimals);
        if text.parse() == Ok(number) {
            return Some(text);
        }
        power *= 10.0;
    }
    None
}

/// `digits`, of which the last `decimals` stand behind the point.
fn with_decimals(digits: i128, decimals: usize) -> String {
    let magnitude = format!("{:0>1$}", digits.unsigned_abs(), decimals.saturating_add(1));
    let (whole, fraction) = magnitude.split_at(magnitude.len().saturating_sub(decimals));
    let sign = if digits < 0 { "-" } else { "" };
    let point = if decimals > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn numbers_are_written_as_the_library_writes_them() {
        for exponent in -14..16 {
            for digits in [1_i64, 7, 12, 999, 1_024, 123_457, 8_388_607, 9_007_199] {
                for sign in [1.0, -1.0] {
                    let number: f64 = format!("{}e{exponent}", sign * digits as f64).parse().unwrap();
                    let text = decimal(number).unwrap();
                    assert_eq!(text.parse(), Ok(number));
                    // Above, the library pads with zeros.
                    assert!(number.abs() > 9e15 || text == number.to_string(), "{text} {number}");
                }
            }
        }
        for (number, text) in [(0.0, "0"), (-0.0, "0"), (60.0, "60"), (-1.5, "-1.5"), (1e-7, "0.0000001")] {
            assert_eq!(decimal(number).as_deref(), Some(text));
        }
        assert_eq!(decimal(2_f64.powi(126)), Some(2_u128.pow(126).to_string()));
    }

    #[test]
    fn some_have_none() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e39, 1e-300] {
            assert_eq!(decimal(number), None, "{number}");
        }
    }
}
