//! What one would write instead of the filter: a small checker of bound tokens and their proofs, natively in Rust, for Envoy's
//! `ext_authz`. It is this project's core, so that it checks the same; `make bench` asks it over HTTP/1.1 on loopback.
//!
//! Standard input: the filter JSON. It prints its port, and answers 200 or 403 until standard input ends.

#![allow(clippy::disallowed_methods, reason = "a benchmark has a clock")]

#[cfg(feature = "cli")]
fn main() {
    checker::serve();
}

#[cfg(not(feature = "cli"))]
fn main() {}

#[cfg(feature = "cli")]
mod checker {
    use axum::Router;
    use axum::extract::Request;
    use axum::http::StatusCode;
    use eec_authn::exchange::Exchange;
    use eec_authn::exchange::Next;
    use eec_authn::keys::NoHost;
    use eec_authn::plugin_state::PluginState;
    use eec_authn::request::RequestView;
    use eec_authn::time::UnixTime;
    use hyper_util::rt::TokioIo;
    use hyper_util::service::TowerToHyperService;
    use std::hash::RandomState;
    use std::io::BufRead;
    use std::rc::Rc;
    use std::time::{SystemTime, UNIX_EPOCH};

    thread_local! {
        static PLUGIN: std::cell::OnceCell<Rc<PluginState>> = const { std::cell::OnceCell::new() };
    }

    pub(crate) fn serve() {
        let mut filter = String::new();
        std::io::stdin().lock().read_line(&mut filter).expect("the filter JSON");
        let loaded = eec_authn::config::parse(filter.as_bytes(), &|_| None).expect("a good configuration");
        PLUGIN.with(|plugin| {
            plugin.get_or_init(|| Rc::new(PluginState::new(loaded.policy, RandomState::new()))).clone()
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            println!("{}", listener.local_addr().expect("an address").port());
            let local = tokio::task::LocalSet::new();
            local
                .run_until(async move {
                    loop {
                        let (stream, _) = listener.accept().await.expect("a connection");
                        let _ = stream.set_nodelay(true);
                        let service = TowerToHyperService::new(
                            Router::new().fallback(|request: Request| async move { check(&request) }),
                        );
                        let served = hyper::server::conn::http1::Builder::new()
                            .serve_connection(TokioIo::new(stream), service);
                        tokio::task::spawn_local(served);
                    }
                })
                .await;
        });
    }

    fn check(request: &Request) -> StatusCode {
        let target = request.uri().to_string();
        let mut pairs: Vec<(&[u8], &[u8])> =
            vec![(b":method", request.method().as_str().as_bytes()), (b":path", target.as_bytes())];
        for (name, value) in request.headers() {
            let name = if name == "host" { ":authority" } else { name.as_str() };
            pairs.push((name.as_bytes(), value.as_bytes()));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
        let now = UnixTime::new(now).expect("a time");
        let plugin = PLUGIN.with(|plugin| plugin.get().cloned().expect("a plugin"));
        let mut exchange = Exchange::new(plugin, 0);
        match exchange.on_request_headers(&RequestView::new(&pairs, true), now, &NoHost).next {
            Next::Continue(_) => StatusCode::OK,
            Next::Pause | Next::Await(_) | Next::AwaitKeys(_) | Next::Refuse(..) => StatusCode::FORBIDDEN,
        }
    }
}
