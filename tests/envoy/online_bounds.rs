//! What a flood of bad tokens costs a real Envoy that asks about each of them: nothing that stays.

use crate::support::entitlement_server::{Server, asking_house, delete};
use crate::support::h1::{H1, bytes_of};
use crate::support::house::{House, identity_of_eec_1};
use crate::support::problems::Problems;
use crate::support::token::{Key, claims_with};
use serde_json::json;
use std::ops::Range;

/// More than the answers that a worker keeps, so that what follows needs no more room.
const FILL: usize = 20_000;
/// And then so many more.
const FLOOD: usize = 50_000;
/// A digest of 32 bytes with its place in a map takes more than 100 bytes: 50,000 that stay would be over it. A token that
/// stays (1,000 bytes), or a request, would be far over it. Envoy itself was seen to grow by 1 MiB.
const BOUND_KIB: u64 = 4_096;

/// Sends different opaque tokens over some connections at once; each must be refused as inactive.
fn flood(house: &House, numbers: Range<usize>) -> Vec<String> {
    const CONNECTIONS: usize = 8;
    let address = house.envoy.address();
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|offset| {
            let mine = numbers.clone().skip(offset).step_by(CONNECTIONS);
            std::thread::spawn(move || {
                let mut connection = H1::connect(address).expect("a connection");
                let mut wrong = Vec::new();
                for number in mine {
                    let request = delete(&format!("{number:0>1000}"));
                    connection.send(&bytes_of(&request)).expect("it is sent");
                    let response = connection.response(false).expect("an answer");
                    if response.status != 401 || !response.body.windows(14).any(|w| w == b"TOKEN_INACTIVE") {
                        wrong.push(format!("{number}: {response:?}"));
                    }
                }
                wrong
            })
        })
        .collect();
    threads.into_iter().flat_map(|thread| thread.join().expect("a thread")).collect()
}

#[test]
fn a_flood_of_bad_tokens_leaves_nothing_behind() {
    let (server, key) = (Server::start(), Key::new(1));
    let online = json!({"timeout_ms": 20_000, "cache_seconds": 600, "negative_cache_seconds": 600});
    let house = asking_house(&server, &key, &online, |_| {});
    let mut p = Problems::new();
    server.keeps_saying(&json!({"active": false}));
    let mut asked = 0;
    let mut send = |numbers: Range<usize>| {
        let wrong = flood(&house, numbers);
        p.check("flood", wrong.is_empty(), || format!("{} wrong: {:?}", wrong.len(), wrong.first()));
        asked += server.questions().len();
    };
    send(0..FILL);
    let before = house.envoy.memory_kib();
    for part in 0..5 {
        let start = FILL + part * (FLOOD / 5);
        send(start..start + FLOOD / 5);
    }
    let after = house.envoy.memory_kib();
    println!("Envoy's memory: {before} KiB after {FILL} bad tokens, {after} KiB after {FLOOD} more");
    p.check("memory", after < before + BOUND_KIB, || format!("{before} KiB, then {after} KiB"));
    p.equal("every token", "questions", asked, FILL + FLOOD);
    p.equal("every token", "inactive", house.envoy.filter_stat("online.inactive"), (FILL + FLOOD) as u64);
    p.equal("afterwards", "waiting", house.envoy.filter_stat("online.waiting"), 0);
    server.says(&claims_with(json!({"active": true})));
    house.allowed(&mut p, "a good token", &delete("good"), &identity_of_eec_1());
    house.finish(p);
}
