use super::*;
use crate::fqdn::Fqdn;
use crate::keys::{KeySet, TrustAnchors};
use crate::policy::jwks_remote::Name;
use crate::shared_map::fake::FakeMap;

fn remote() -> JwksRemote {
    JwksRemote {
        cluster: "es".into(),
        path: "/jwks".into(),
        authority: "aes.example.org".into(),
        refresh_seconds: 300,
        timeout_ms: 1_000,
        max_stale_seconds: 600,
        signed_by: KeySet::default(),
        trust_anchors: TrustAnchors::default(),
        fqdn: Fqdn::parse("aes.example.org").expect("a name"),
        set_name: Name::of(["set"]),
        server_name: Name::of(["server"]),
    }
}

fn at(seconds: f64) -> UnixTime {
    UnixTime::new(1_796_000_000.0 + seconds).expect("a time")
}

fn set(number: u64) -> StoredSet {
    StoredSet { number, fetched_at: at(0.0), body: number.to_string().into_bytes() }
}

/// A fetch that begins `second` and leaves a set.
fn fetch(sets: &SharedSets<'_>, second: f64) -> u64 {
    let Admission::Fetch(number) = sets.begin(Want::Due, at(second)) else { panic!("one is due") };
    assert!(sets.is_awaited(number) && sets.store(&set(number)));
    assert!(sets.end(number, Brought::New, at(second), 0.0));
    number
}

#[test]
fn what_comes_after_another_fetch_has_begun_comes_too_late() {
    let (map, remote) = (FakeMap::default(), remote());
    let sets = SharedSets::new(&map, &remote);
    let begin = |second| match sets.begin(Want::Due, at(second)) {
        Admission::Fetch(number) => number,
        other => panic!("{other:?}"),
    };
    let slow = begin(0.0);
    assert!(sets.is_awaited(slow));
    let quick = begin(2.0);
    assert!(sets.is_awaited(quick) && !sets.is_awaited(slow));
    assert!(sets.store(&set(quick)) && sets.end(quick, Brought::New, at(2.1), 0.0));
    assert!(!sets.is_awaited(slow) && !sets.is_awaited(quick));
    // It asks a moment too early, and leaves what it has.
    assert!(sets.store(&set(slow)));
    assert_eq!(sets.stored(), Some(set(quick)));
}

#[test]
fn a_fetch_is_under_way_until_it_ends_is_given_up_or_takes_too_long() {
    let (map, remote) = (FakeMap::default(), remote());
    let sets = SharedSets::new(&map, &remote);
    assert!(!sets.is_under_way(at(0.0)));
    let Admission::Fetch(first) = sets.begin(Want::Due, at(0.0)) else { panic!("one is due") };
    assert!(sets.is_under_way(at(0.5)) && !sets.is_under_way(at(60.0)));
    assert_eq!(sets.begin(Want::Due, at(0.5)), Admission::UnderWay);
    sets.abandon(first);
    assert!(!sets.is_under_way(at(0.5)));
    let Admission::Fetch(second) = sets.begin(Want::Due, at(0.5)) else { panic!("another may begin") };
    assert!(!sets.end(first, Brought::New, at(0.6), 0.0), "it comes too late");
    assert!(sets.is_under_way(at(0.6)));
    assert!(sets.end(second, Brought::New, at(0.7), 0.0));
    assert!(!sets.is_under_way(at(0.7)));
}

#[test]
fn the_newest_issue_of_a_server_is_remembered_and_never_an_older_one() {
    let (map, remote) = (FakeMap::default(), remote());
    let sets = SharedSets::new(&map, &remote);
    assert_eq!(sets.newest_issue(), None);
    for (accepted, newest) in [(-7.0, -7.0), (100.5, 100.5), (50.0, 100.5), (100.5, 100.5), (101.0, 101.0)] {
        sets.accept_issue(accepted);
        assert_eq!(sets.newest_issue(), Some(newest), "{accepted}");
    }
    // Whatever its configuration is now.
    let later = JwksRemote { set_name: Name::of(["another"]), ..self::remote() };
    assert_eq!(SharedSets::new(&map, &later).newest_issue(), Some(101.0));
    let other = JwksRemote { server_name: Name::of(["another"]), ..self::remote() };
    assert_eq!(SharedSets::new(&map, &other).newest_issue(), None);
    for strange in [f64::NAN.to_bits().to_le_bytes().to_vec(), b"another form".to_vec()] {
        assert!(shared_map::update(&map, &sets.place_of_issue(), &|_| Some(strange.clone())));
        assert_eq!(sets.newest_issue(), None);
    }
}

#[test]
fn a_stored_set_is_read_as_it_came() {
    assert_eq!(StoredSet::media_type(&remote()), b"application/jwk-set+json");
}

#[test]
fn a_set_of_another_schedule_is_none_and_makes_room() {
    let (map, remote) = (FakeMap::default(), remote());
    let sets = SharedSets::new(&map, &remote);
    for n in 0..5 {
        fetch(&sets, f64::from(n) * 300.0);
    }
    assert_eq!(sets.stored(), Some(set(5)));
    // Another version of this module, or another module, has left something else there.
    assert!(shared_map::update(&map, &sets.place("schedule"), &|_| Some(b"another form".to_vec())));
    assert_eq!(sets.stored(), None);
    let number = fetch(&sets, 2_000.0);
    assert_eq!((number, sets.stored()), (1, Some(set(1))));
}

#[test]
fn a_set_is_there_before_its_fetch_has_ended() {
    let (map, remote) = (FakeMap::default(), remote());
    let sets = SharedSets::new(&map, &remote);
    let first = fetch(&sets, 0.0);
    let Admission::Fetch(second) = sets.begin(Want::Due, at(300.0)) else { panic!("one is due") };
    assert!(sets.store(&set(second)));
    assert_eq!((sets.schedule().set(), sets.stored()), (first, Some(set(second))));
}

#[test]
fn without_a_set_time_counts_from_the_newest_that_there_was_or_from_the_first_wish() {
    let (map, remote) = (FakeMap::default(), remote());
    let sets = SharedSets::new(&map, &remote);
    assert_eq!(sets.without_a_set_since(at(10.0)), at(10.0));
    assert_eq!(sets.without_a_set_since(at(100.0)), at(10.0));
    assert!(matches!(sets.begin(Want::Due, at(20.0)), Admission::Fetch(1)));
    assert!(sets.end(1, Brought::Nothing, at(21.0), 0.0));
    assert_eq!(sets.without_a_set_since(at(100.0)), at(10.0), "a fetch that fails");
    fetch(&sets, 200.0);
    assert_eq!(sets.without_a_set_since(at(1_000.0)), set(2).fetched_at);
}
