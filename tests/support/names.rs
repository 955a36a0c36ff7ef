//! What everything in a test is called: whoever makes requests or tokens takes these.

/// The protected FQDN; the realm of every challenge.
pub const FQDN: &str = "ees1.edge.example.net";
/// The FQDN of the entitlement server.
pub const ISSUER: &str = "aes.mnc001.mcc001.pub.3gppnetwork.org";
/// The identity headers' default names.
pub const IDENTITY: [&str; 4] = ["x-eec-id", "x-eec-gpsi", "x-eec-issuer", "x-eec-token-id"];
