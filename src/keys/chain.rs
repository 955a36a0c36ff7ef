//! Certificate chains that lead to a trust anchor (RFC 5280, section 6), for keys that come with `x5c`. The path is found and
//! validated by rustls-webpki, name constraints included; signatures are verified with our own keys (`chain_signature`).

use super::certificate::Certificate;
use super::chain_signature::{Algorithms, Work};
use super::error::KeyErrors;
use super::host::HostVerifier;
use super::key_set::Window;
use super::pem;
use super::public_key::PublicKey;
use super::spki;
use super::x509;
use crate::fqdn::Fqdn;
use crate::time::UnixTime;
use rustls_pki_types::{CertificateDer, TrustAnchor};
use std::fmt;
use std::time::Duration;
use webpki::{
    EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage, RequiredEkuNotFoundContext,
};

/// The most certificates in a chain, its first one included.
const MAX_CHAIN: usize = 5;

/// Extended key usages of keys that sign tokens, as object identifiers: serverAuth, since entitlement servers have such
/// certificates; id-kp-jwt and id-kp-oauthAccessTokenSigning (RFC 9509); anyExtendedKeyUsage.
const PURPOSES: [&[usize]; 4] = [
    &[1, 3, 6, 1, 5, 5, 7, 3, 1],
    &[1, 3, 6, 1, 5, 5, 7, 3, 37],
    &[1, 3, 6, 1, 5, 5, 7, 3, 39],
    &[2, 5, 29, 37, 0],
];

/// Certificates of authorities that the operator trusts.
#[derive(Clone, Default)]
pub struct TrustAnchors {
    anchors: Vec<TrustAnchor<'static>>,
    /// The dates of each.
    windows: Vec<Window>,
}

impl fmt::Debug for TrustAnchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustAnchors({})", self.anchors.len())
    }
}

/// What a chain says of its first certificate's key.
#[derive(Debug, Clone, PartialEq)]
pub struct Vouched {
    /// The base64url SHA-256 of that certificate.
    pub x5t_s256: Box<str>,
    /// The dates that all certificates of the chain share.
    pub window: Window,
}

impl TrustAnchors {
    /// Adds one PEM block `CERTIFICATE`.
    ///
    /// # Errors
    ///
    /// What is wrong with the text or the certificate.
    pub fn add_pem(&mut self, text: &str) -> Result<(), KeyErrors> {
        let wrong = |message| vec![super::KeyError::invalid("", message)];
        let der =
            CertificateDer::from(pem::read(text, pem::Label::Certificate).map_err(|error| vec![error])?);
        let unreadable = "is not the DER of an X.509 certificate; take it from its issuer again";
        let read = x509::read(&der).map_err(|_| wrong(unreadable))?;
        let anchor = webpki::anchor_from_trusted_cert(&der).map_err(|_| wrong(unreadable))?;
        // In a chain such a key verifies nothing (`chain_signature`); whoever trusts it should know.
        if let Some(weakness) = spki::weakness(read.spki) {
            return Err(wrong(weakness));
        }
        self.windows.push(Window { not_before: read.not_before, not_after: read.not_after });
        self.anchors.push(anchor.to_owned());
        Ok(())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.anchors.is_empty()
    }

    /// Whether the chain of these certificates (each in DER, that of the key first) leads to an anchor and says that `key` is
    /// the server's: as a pinned certificate would, and what its dates are. It may be valid only later.
    ///
    /// # Errors
    ///
    /// Why not, in words.
    pub fn vouch(
        &self,
        chain: &[Vec<u8>],
        key: &PublicKey,
        server: &Fqdn,
        now: UnixTime,
        work: &Work,
        host: &dyn HostVerifier,
    ) -> Result<Vouched, String> {
        let (first, others) = chain.split_first().ok_or("has no certificate in `x5c`")?;
        if chain.len() > MAX_CHAIN {
            return Err(format!("has more than {MAX_CHAIN} certificates in `x5c`"));
        }
        let said = |errors: KeyErrors| errors.first().map(|error| error.message.clone()).unwrap_or_default();
        let certificate = Certificate::from_der(first, Some(key.algorithm().name())).map_err(said)?;
        certificate.check_name(server).map_err(|error| error.message)?;
        if certificate.key.thumbprint() != key.thumbprint() {
            return Err("is not the key of the first certificate in `x5c`".into());
        }
        let window =
            self.path_window(first, others, &certificate.window, now, &Algorithms::new(work, host))?;
        Ok(Vouched { x5t_s256: certificate.x5t_s256, window })
    }

    fn path_window(
        &self,
        first: &[u8],
        others: &[Vec<u8>],
        window: &Window,
        now: UnixTime,
        algorithms: &Algorithms<'_>,
    ) -> Result<Window, String> {
        let of_all = others.iter().try_fold(*window, |all, der| Some(all.narrowed_by(&dates(der)?)));
        let of_all = of_all.ok_or("has a certificate in `x5c` that cannot be read")?;
        let first = CertificateDer::from(first);
        let others: Vec<CertificateDer<'_>> =
            others.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
        let end_entity =
            EndEntityCert::try_from(&first).map_err(|error| format!("has an `x5c` with {error}"))?;
        let path_at = |anchors, moment| {
            let algorithms = algorithms.all();
            end_entity.verify_for_usage(&algorithms, anchors, &others, moment, TokenSigning, None, None)
        };
        // A path of now comes first: another certificate in `x5c` may be over, and no part of it.
        let valid = self.valid_at(now);
        let all_are = valid.len() == self.anchors.len() && of_all.contains(now);
        let path =
            path_at(&valid, moment(now.seconds()))
                .or_else(|error| {
                    if all_are { Err(error) } else { path_at(&self.anchors, moment_within(&of_all, now)) }
                })
                .map_err(|error| format!("has no chain to a trust anchor: {error}"))?;
        let mut shared = *window;
        for intermediate in path.intermediate_certificates() {
            let der = intermediate.der();
            let read = x509::read(&der).map_err(|_| "has a certificate that cannot be read")?;
            // The library does not look at key usages.
            if read.key_cert_sign == Some(false) {
                return Err("has a chain with a keyUsage without keyCertSign".into());
            }
            shared = shared.narrowed_by(&Window { not_before: read.not_before, not_after: read.not_after });
        }
        if let Some(dates) = self.dates_of(path.anchor(), now) {
            shared = shared.narrowed_by(dates);
        }
        if shared.is_empty() { Err("has a chain that is never valid".into()) } else { Ok(shared) }
    }

    /// The anchors that are valid at `now`.
    fn valid_at(&self, now: UnixTime) -> Vec<TrustAnchor<'static>> {
        let dated = self.anchors.iter().zip(&self.windows);
        dated.filter(|(_, window)| window.contains(now)).map(|(anchor, _)| anchor.clone()).collect()
    }

    /// The dates of an anchor. An authority that was given a new certificate for its key may be here twice: those that are valid
    /// at `now` count first, and of them those that last longest.
    fn dates_of(&self, wanted: &TrustAnchor<'_>, now: UnixTime) -> Option<&Window> {
        let dated = self.anchors.iter().zip(&self.windows);
        let same = dated.filter(|(anchor, _)| *anchor == wanted).map(|(_, window)| window);
        let rank = |window: &Window| (window.contains(now), window.not_after.map(UnixTime::seconds));
        same.reduce(|one, other| if rank(one) < rank(other) { other } else { one })
    }
}

fn dates(der: &[u8]) -> Option<Window> {
    let read = x509::read(der).ok()?;
    Some(Window { not_before: read.not_before, not_after: read.not_after })
}

/// A moment at which the certificates are valid, if there is one: now, or the first or the last. Whether now is one is
/// for whoever uses the key.
fn moment_within(window: &Window, now: UnixTime) -> rustls_pki_types::UnixTime {
    moment(match (window.not_before, window.not_after) {
        (Some(start), _) if now < start => start.seconds(),
        (_, Some(end)) if end <= now => end.seconds() - 1.0,
        _ => now.seconds(),
    })
}

fn moment(seconds: f64) -> rustls_pki_types::UnixTime {
    let since = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    rustls_pki_types::UnixTime::since_unix_epoch(since)
}

/// What the extended key usages of each certificate in the chain, where it has some, must say.
struct TokenSigning;

impl ExtendedKeyUsageValidator for TokenSigning {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        let mut present = Vec::new();
        for purpose in purposes {
            present.push(purpose?.to_decoded_oid());
        }
        // None at all: the certificate has no such extension.
        if present.is_empty() || present.iter().any(|oid| PURPOSES.contains(&oid.as_slice())) {
            return Ok(());
        }
        let required = KeyUsage::server_auth();
        let context = RequiredEkuNotFoundContext { required, present };
        Err(webpki::Error::RequiredEkuNotFoundContext(context))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What others take for the last moment is the last one here, too: the end itself is over.
    #[test]
    fn a_moment_is_now_or_the_nearest_within() {
        let at = |seconds| UnixTime::new(seconds).unwrap();
        let within = |start: Option<f64>, end: Option<f64>, now| {
            let window = Window { not_before: start.map(at), not_after: end.map(at) };
            moment_within(&window, at(now)).as_secs()
        };
        for (now, moment) in [(5.0, 10), (10.0, 10), (15.0, 15), (19.0, 19), (20.0, 19), (30.0, 19)] {
            assert_eq!(within(Some(10.0), Some(20.0), now), moment, "{now}");
        }
        assert_eq!((within(None, Some(20.0), 5.0), within(None, Some(20.0), 20.0)), (5, 19));
        assert_eq!((within(Some(10.0), None, 5.0), within(Some(10.0), None, 30.0)), (10, 30));
    }
}
