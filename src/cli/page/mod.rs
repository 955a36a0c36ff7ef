//! `eec-authn page`: serves the page that explains a decision, on loopback.

mod files;

use super::failure::Failure;
use super::help::long_help;
use super::stop_signal::StopSignal;
use super::{Exit, Output, http};
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use files::{FILES, Files};
use serde_json::json;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What every answer says: the page needs nobody, and nobody may put it in a frame. The first part is what the page says of itself.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src data:; base-uri 'none'; \
                      form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors 'none'";

/// Serves a page that explains decisions: configuration, token and request at the left, every check at the right.
///
/// It is for a browser on this machine. The filter's own code runs in the page, so nothing that is typed or pasted leaves it: its
/// Content-Security-Policy forbids every request. Examples of each code and of each token profile are in it, and test keys can be made.
#[derive(clap::Args)]
#[command(after_long_help = long_help! {
    examples {
        "Why is this token refused?" => "eec-authn page",
        "Under a port of one's own" => "eec-authn page --listen 127.0.0.1:8090",
        "Files that `make page` has built" => "eec-authn page --files dist/page",
    }
    exit_codes {
        0 => "A signal ended it",
        1 => "Wrong usage, an address in use, or no files",
    }
})]
pub(crate) struct Args {
    /// Where to listen: loopback only; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0", value_parser = loopback)]
    listen: SocketAddr,
    /// A folder with the page's files, in place of those in this program.
    #[arg(long, value_name = "FOLDER")]
    files: Option<PathBuf>,
}

/// Serves until a signal ends it.
pub(crate) fn run(args: Args, output: Output) -> Result<Exit, Failure> {
    let router = router(Files::load(args.files.as_deref())?);
    super::block_on(async move {
        let mut stop = StopSignal::catch()?;
        let listener = http::listen(args.listen).await?;
        let address =
            listener.local_addr().map_err(Failure::because("the listening socket has no address"))?;
        let url = format!("http://{address}/");
        if output.json {
            output.line(json!({"url": url}))?
        } else {
            output.line(url)?
        }
        // A name that somebody else's page may have made to mean this address must not get at it.
        let router = router.layer(middleware::from_fn(move |request: Request, next: Next| async move {
            if is_meant(request.headers(), address) {
                next.run(request).await
            } else {
                StatusCode::MISDIRECTED_REQUEST.into_response()
            }
        }));
        tokio::select! {
            never = http::serve(listener, router) => match never {},
            () = stop.wait() => Ok(Exit::Fine),
        }
    })
}

fn router(files: Files) -> Router {
    let mut router = Router::new();
    for (file, bytes) in FILES.iter().zip(files.0) {
        let answer = move || async move { answer(file.media_type, bytes) };
        router = router.route(&format!("/{}", file.name), get(answer.clone()));
        if file.name == "index.html" {
            router = router.route("/", get(answer));
        }
    }
    router
}

fn answer(media_type: &'static str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    (headers, bytes).into_response()
}

/// Whether `Host` is this address, or `localhost`, with the port; clients leave out that of the scheme.
fn is_meant(headers: &HeaderMap, address: SocketAddr) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = host.to_ascii_lowercase();
    let port = format!(":{}", address.port());
    let name = match host.strip_suffix(&port) {
        None if address.port() == 80 => &*host,
        name => name.unwrap_or_default(),
    };
    let own = address.to_string();
    name == "localhost" || own.strip_suffix(&port) == Some(name)
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr =
        text.parse().map_err(|_| "give an address and a port, such as 127.0.0.1:8090")?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("the page is for this machine alone: give a loopback address".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_says_what_the_page_says_of_itself() {
        let page = include_str!("../../../page/index.html");
        let own = POLICY.split("; frame-ancestors").next().expect("the first part");
        assert!(page.contains(&format!("content=\"{own}\"")), "{own}");
        assert!(!POLICY.contains("connect-src"), "nothing may be fetched");
    }

    #[test]
    fn only_loopback_is_listened_on_and_only_its_names_are_answered() {
        for other in ["0.0.0.0:80", "192.0.2.1:80", "localhost", "[::]:80"] {
            assert!(loopback(other).is_err(), "{other}");
        }
        for (address, host, meant) in [
            ("127.0.0.1:8090", "127.0.0.1:8090", true),
            ("127.0.0.1:8090", "localhost:8090", true),
            ("127.0.0.1:8090", "LocalHost:8090", true),
            ("127.0.0.1:8090", "attacker.example:8090", false),
            ("127.0.0.1:8090", "127.0.0.1", false),
            ("127.0.0.1:8090", "localhost", false),
            ("127.0.0.1:8090", "localhost:80", false),
            ("127.0.0.1:8090", ":8090", false),
            ("127.0.0.1:8090", "", false),
            // The port of the scheme may be left out (RFC 9110, section 4.2.1).
            ("127.0.0.1:80", "127.0.0.1", true),
            ("127.0.0.1:80", "LOCALHOST", true),
            ("127.0.0.1:80", "localhost:80", true),
            ("127.0.0.1:80", "attacker.example", false),
            ("127.0.0.1:80", "localhost:8090", false),
            ("127.0.0.1:80", "", false),
            ("[::1]:80", "[::1]", true),
            ("[::1]:8090", "[::1]:8090", true),
            ("[::1]:8090", "[::1]", false),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().expect("a value"))]);
            assert_eq!(
                is_meant(&headers, loopback(address).expect("loopback")),
                meant,
                "{host} at {address}"
            );
        }
        assert!(!is_meant(&HeaderMap::new(), loopback("127.0.0.1:80").expect("loopback")));
    }
}
