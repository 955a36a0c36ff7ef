//! The host's serialization of header maps: a count, then the lengths of each name and value, then their
//! bytes, each followed by a NUL. Numbers are 32 bits, little-endian.

/// Name and value.
pub(super) type Pair<'a> = (&'a [u8], &'a [u8]);

/// The pairs in `bytes`, without copying them; `None` if the lengths do not fit.
pub(super) fn parse(bytes: &[u8]) -> Option<Vec<Pair<'_>>> {
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    let (count, rest) = number(bytes)?;
    let (mut lengths, mut data) = rest.split_at_checked(count.checked_mul(8)?)?;
    let mut pairs = Vec::with_capacity(count);
    for _ in 0..count {
        let (name_length, after) = number(lengths)?;
        let (value_length, after) = number(after)?;
        lengths = after;
        let (name, after) = data.split_at_checked(name_length)?;
        let (value, after) = after.get(1..)?.split_at_checked(value_length)?;
        data = after.get(1..)?;
        pairs.push((name, value));
    }
    Some(pairs)
}

/// `pairs` for the host.
pub(super) fn serialize(pairs: &[(&str, String)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let number = |n: usize, bytes: &mut Vec<u8>| {
        bytes.extend_from_slice(&u32::try_from(n).unwrap_or_default().to_le_bytes());
    };
    number(pairs.len(), &mut bytes);
    for (name, value) in pairs {
        number(name.len(), &mut bytes);
        number(value.len(), &mut bytes);
    }
    for (name, value) in pairs {
        for part in [name.as_bytes(), value.as_bytes()] {
            bytes.extend_from_slice(part);
            bytes.push(0);
        }
    }
    bytes
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}
