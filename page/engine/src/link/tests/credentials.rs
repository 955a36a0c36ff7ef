//! Credentials as people have them at hand.

fn base64url(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

/// Credentials in the forms in which people have them at hand, and a part of each that must be nowhere.
pub(super) fn credentials() -> Vec<(String, &'static str)> {
    let jwt = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJlZWMtMSJ9.c2lnbmF0dXJlLW9mLWl0";
    let (d, opaque) = ("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "mF_9.B5f-4.1JqM");
    let mut all: Vec<(String, &str)> = Vec::new();
    let mut add = |text: String, mark: &'static str| all.push((text, mark));
    for around in [
        "{}",
        "Bearer {}",
        "bearer {}",
        "DPoP {}",
        " {} ",
        "access_token.{}",
        ";token={}",
        "token={}",
        "access_token={}",
        "x{}",
        "\"{}\"",
        "'{}'",
        "<{}>",
        "({})",
        "{},{}",
        "a/{}",
        "see {} there",
        "{}\n",
        "jwt:{}",
        "urn:x:{}",
        "https://aes.example.org/?t={}",
        "https://{}@aes.example.org/",
        "{\"access_token\":\"{}\"}",
        "{\\\"t\\\":\\\"{}\\\"}",
        "[\"{}\"]",
        "t={}&a=1",
        "a.{}",
        "_{}",
        "-{}",
        "%20{}",
    ] {
        add(around.replace("{}", jwt), "eyJzdWIiOiJlZWMtMSJ9");
    }
    add(jwt.replace('.', "%2E"), "eyJzdWIiOiJlZWMtMSJ9");
    add(jwt.replace('.', "%252e"), "eyJzdWIiOiJlZWMtMSJ9");
    add(jwt.replace('.', "\u{200b}.\u{200b}"), "eyJzdWIiOiJlZWMtMSJ9");
    add(jwt.replace('.', " "), "eyJzdWIiOiJlZWMtMSJ9");
    add(jwt.replace('.', "\n  "), "eyJzdWIiOiJlZWMtMSJ9");
    add("eyJzdWIiOiJlZWMtMSJ9".into(), "eyJzdWIiOiJlZWMtMSJ9");
    add(format!("{}.{}.", base64url("{}"), base64url("{\"sub\":\"a\"}")), "eyJzdWIiOiJhIn0");
    add(format!("{}.AA", base64url("\n{\"sub\":\"a\"}")), "Cnsic3Vi");
    add(
        format!(
            "{{\"payload\":\"eyJzdWIiOiJlZWMtMSJ9\",\"signatures\":[{{\"protected\":\"{}\",\"signature\":\"c2ln\"}}]}}",
            base64url("{}")
        ),
        "eyJzdWIi",
    );
    for member in ["d", "p", "q", "dp", "dq", "qi", "k", "priv", "oth", "r", "t", "seed"] {
        add(format!("{{\"kty\":\"OKP\",\"{member}\":\"{d}\"}}"), "nWGxne");
        add(format!("{{\"kty\":\"oct\",\"{member}\":\"c2hvcnQ\"}}"), "c2hvcnQ");
    }
    add(format!("{{\\\"d\\\":\\\"{d}\\\"}}"), "nWGxne");
    add("{\\\"k\\\":\\\"c2hvcnQ\\\"}".into(), "c2hvcnQ");
    add("{k: c2hvcnQ}".into(), "c2hvcnQ");
    add("%7B%22k%22%3A%22c2hvcnQ%22%7D".into(), "c2hvcnQ");
    add(d.into(), "nWGxne");
    add(opaque.into(), "B5f-4");
    for label in [
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "EC PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
    ] {
        add(format!("-----BEGIN {label}-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END {label}-----"), "MC4CAQAw");
        add(format!("-----BEGIN {label}-----\\nMC4CAQAwBQYDK2VwBCIEIA\\n-----END {label}-----"), "MC4CAQAw");
        add(format!("-----BEGIN {label}-----\nMC4CAQAwBQYDK2VwBCIEIA"), "MC4CAQAw");
    }
    // A private key under a public label, and beside a public one.
    add(
        "-----BEGIN CERTIFICATE-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END CERTIFICATE-----".into(),
        "MC4CAQAw",
    );
    add(
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\nMC4CAQAwBQYDK2VwBCIEIA"
            .into(),
        "MC4CAQAw",
    );
    add("MC4CAQAwBQYDK2VwBCIEIA==".into(), "MC4CAQAw");
    add("basic dXNlcjpodXNo".into(), "dXNlcjpodXNo");
    add("user:plainword@host".into(), "plainword");
    add("password: plainword".into(), "plainword");
    add("client_secret=plainword".into(), "plainword");
    add("123e4567-e89b-12d3-a456-426614174000".into(), "426614174000");
    add("0f1e2d3c4b5a69788796a5b4c3d2e1f0".into(), "0f1e2d3c");
    add("98127364550192837465123".into(), "98127364");
    all
}
