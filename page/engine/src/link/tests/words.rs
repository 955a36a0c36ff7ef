//! Words that name a secret: what stands beside them is left out.

use super::*;
use crate::link::known::Known;
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn what_stands_beside_a_word_for_a_secret_is_not_plain() {
    let known = Known::default();
    for word in [
        "password",
        "passwd",
        "pass",
        "passphrase",
        "pwd",
        "pw",
        "pin",
        "psk",
        "otp",
        "secret",
        "token",
        "bearer",
        "basic",
        "api key",
        "api-key",
        "session",
        "sid",
        "jwt",
        "credential",
        "Password",
        "PIN",
    ] {
        for text in
            ["{} sesame", "{}:sesame", "{} = sesame", "{}/sesame", "{}|sesame", "{}, sesame", "{}+sesame"]
        {
            for around in ["{}", "my {}", "see the {}", "urn:x:{}", "/login/{}", "user_{}", "a,{}", "%20{}"] {
                let text = around.replace("{}", &text.replace("{}", word));
                assert!(!known.is_plain(&text), "{text}");
            }
        }
    }
    for text in [
        "pinned keys",
        "a compass",
        "sessions/r1",
        "token",
        "the password",
        "secret:",
        "passing 7",
        "presidio/x",
        "x-token",
    ] {
        assert!(known.is_plain(text), "{text}");
    }
}

#[test]
fn so_it_is_in_paths_segment_by_segment() {
    for (path, shown) in [
        ("/login/password/opensesame", "/login/password/left-out"),
        ("/login/pass%77ord/opensesame/a", "/login/pass%77ord/left-out/left-out"),
        ("/api/key/opensesame", "/api/key/left-out"),
        ("/v1/token//opensesame", "/v1/token//left-out"),
        ("/reset-password/opensesame?a=b", "/reset-password/left-out?a=left-out"),
        ("/login/password:opensesame", "/login/left-out"),
        ("/passwords/open", "/passwords/open"),
    ] {
        assert_eq!(carried(&json!({"path": path}))["carried"]["path"], shown, "{path}");
    }
    for (member, path) in [
        ("path", "/a/pin/opensesame"),
        ("path_prefix", "/a/pin/opensesame"),
        ("path_template", "/a/pin/opensesame/{id}"),
    ] {
        let config = json!({"rules": [{"match": {(member): path}}]}).to_string();
        assert!(!link(&json!({"config": config})).contains("opensesame"), "{path}");
    }
}
