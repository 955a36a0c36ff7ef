//! The parts of an X.509 certificate (RFC 5280, section 4.1) that matter for a pinned key. The rest is read over:
//! names of persons and places, and who signed it.

use crate::time::UnixTime;
use der::asn1::{
    AnyRef, BitStringRef, ContextSpecific, GeneralizedTime, ObjectIdentifier, OctetStringRef, UtcTime,
};
use der::{Decode, ErrorKind, Reader, Result, SliceReader, Tag, TagNumber, Tagged as _};

const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
/// In a GeneralName, `dNSName [2] IA5String`.
const DNS_NAME: Tag = Tag::ContextSpecific { constructed: false, number: TagNumber::N2 };
/// Before the extensions, `[1]` and `[2]`: unique identifiers, which nobody has used since 1999.
const UNIQUE_IDS: [Tag; 2] = [
    Tag::ContextSpecific { constructed: false, number: TagNumber::N1 },
    Tag::ContextSpecific { constructed: false, number: TagNumber::N2 },
];

/// What was read.
pub(super) struct X509<'a> {
    /// The SubjectPublicKeyInfo, in DER.
    pub(super) spki: &'a [u8],
    /// `None`: before 1970.
    pub(super) not_before: Option<UnixTime>,
    /// Likewise.
    pub(super) not_after: Option<UnixTime>,
    /// Whether the keyUsage has digitalSignature; `None` without keyUsage.
    pub(super) digital_signature: Option<bool>,
    /// Whether the keyUsage has keyCertSign; `None` without keyUsage.
    pub(super) key_cert_sign: Option<bool>,
    /// The dNSName entries of the subjectAltName.
    pub(super) dns_names: Vec<Box<str>>,
}

/// Reads the DER of one certificate and nothing after it.
pub(super) fn read(der: &[u8]) -> Result<X509<'_>> {
    let mut reader = SliceReader::new(der)?;
    let tbs = reader.sequence(|certificate| {
        let tbs = certificate.tlv_bytes()?;
        any(certificate, Tag::Sequence)?;
        BitStringRef::decode(certificate)?;
        Ok(tbs)
    })?;
    reader.finish(())?;
    let mut reader = SliceReader::new(tbs)?;
    let read = reader.sequence(to_be_signed)?;
    reader.finish(read)
}

fn to_be_signed<'a>(tbs: &mut impl Reader<'a>) -> Result<X509<'a>> {
    let version = ContextSpecific::<u8>::decode_explicit(tbs, TagNumber::N0)?;
    let version_3 = version.is_some_and(|version| version.value == 2);
    any(tbs, Tag::Integer)?;
    any(tbs, Tag::Sequence)?;
    any(tbs, Tag::Sequence)?;
    let (not_before, not_after) = tbs.sequence(|validity| Ok((time(validity)?, time(validity)?)))?;
    any(tbs, Tag::Sequence)?;
    let spki = tbs.tlv_bytes()?;
    let mut read = X509 {
        spki,
        not_before,
        not_after,
        digital_signature: None,
        key_cert_sign: None,
        dns_names: Vec::new(),
    };
    for tag in UNIQUE_IDS {
        if !tbs.is_finished() && tbs.peek_tag()? == tag {
            any(tbs, tag)?;
        }
    }
    if !tbs.is_finished() && version_3 {
        let extensions = any(tbs, Tag::ContextSpecific { constructed: true, number: TagNumber::N3 })?;
        let mut reader = SliceReader::new(extensions.value())?;
        reader.sequence(|extensions| read.extensions(extensions))?;
        reader.finish(())?;
    }
    Ok(read)
}

impl X509<'_> {
    fn extensions<'a>(&mut self, extensions: &mut impl Reader<'a>) -> Result<()> {
        let mut seen = Vec::new();
        while !extensions.is_finished() {
            let (id, value) = extensions.sequence(|extension| {
                let id = ObjectIdentifier::decode(extension)?;
                // Critical or not: what this certificate does not mean for us, it does not mean.
                Option::<bool>::decode(extension)?;
                Ok((id, OctetStringRef::decode(extension)?))
            })?;
            if seen.contains(&id) {
                return Err(ErrorKind::SetDuplicate.into());
            }
            seen.push(id);
            match id {
                KEY_USAGE => {
                    let bits = BitStringRef::from_der(value.as_bytes())?;
                    let has = |bit| bits.raw_bytes().first().is_some_and(|bits| bits & bit != 0);
                    self.digital_signature = Some(has(0x80));
                    self.key_cert_sign = Some(has(0x04));
                }
                SUBJECT_ALT_NAME => {
                    let mut reader = SliceReader::new(value.as_bytes())?;
                    self.dns_names = reader.sequence(dns_names)?;
                    reader.finish(())?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn dns_names<'a>(names: &mut impl Reader<'a>) -> Result<Vec<Box<str>>> {
    let mut found = Vec::new();
    while !names.is_finished() {
        let name = AnyRef::decode(names)?;
        if name.tag() == DNS_NAME {
            let text = std::str::from_utf8(name.value()).ok().filter(|text| text.is_ascii());
            found.push(text.ok_or(ErrorKind::Value { tag: DNS_NAME })?.into());
        }
    }
    Ok(found)
}

/// `None`: a date before 1970, which is fine in a certificate but not for the library.
fn time<'a>(reader: &mut impl Reader<'a>) -> Result<Option<UnixTime>> {
    let time = AnyRef::decode(reader)?;
    let since_1970 = match time.tag() {
        Tag::UtcTime => time.decode_as::<UtcTime>().map(|time| time.to_unix_duration()),
        Tag::GeneralizedTime => time.decode_as::<GeneralizedTime>().map(|time| time.to_unix_duration()),
        _ => return Err(ErrorKind::DateTime.into()),
    };
    match since_1970 {
        Ok(since_1970) => UnixTime::new(since_1970.as_secs_f64()).map(Some).ok_or(ErrorKind::DateTime.into()),
        Err(_) if UnixTime::is_rfc3339_before_1970(&rfc3339(&time)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// `YYYYMMDDhhmmssZ`, or `YYMMDDhhmmssZ` of the last century, in the form of RFC 3339.
fn rfc3339(time: &AnyRef<'_>) -> String {
    let century = if time.tag() == Tag::UtcTime { "19" } else { "" };
    let digits = century.bytes().chain(time.value().iter().copied());
    digits.enumerate().fold(String::new(), |mut text, (place, digit)| {
        text.push_str(match place {
            4 | 6 => "-",
            8 => "T",
            10 | 12 => ":",
            _ => "",
        });
        text.push(char::from(digit));
        text
    })
}

/// The next value, which must have the tag.
fn any<'a>(reader: &mut impl Reader<'a>, tag: Tag) -> Result<AnyRef<'a>> {
    let value = AnyRef::decode(reader)?;
    tag.assert_eq(value.tag())?;
    Ok(value)
}
