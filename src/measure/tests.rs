use super::*;
use crate::shared_map::fake::{FakeMap, NoMap};

fn at(seconds: f64) -> UnixTime {
    UnixTime::new(1_796_000_000.0 + seconds).expect("a time")
}

const GENERATION: Gauge = Gauge::ConfigGeneration {};
const FIRST: Gauge = Gauge::JwksKeys { server: 0 };
const SECOND: Gauge = Gauge::JwksKeys { server: 1 };

fn of(gauges: &[Gauge]) -> Vec<Gauge> {
    gauges.to_vec()
}

fn measure(fqdn: &str, generation: u32, gauges: &[Gauge], holder: u64) -> Measure {
    Measure::new(None, fqdn, generation, of(gauges), holder)
}

fn shown(own: &[Gauge], over: &[Gauge]) -> Shown {
    Shown { own: of(own), over: of(over) }
}

#[test]
fn a_push_takes_the_gauges_over_and_ends_those_that_it_has_not() {
    let map = FakeMap::default();
    let mut old = measure("a", 1, &[GENERATION, FIRST, SECOND], 1);
    assert_eq!(old.hold(&map, at(0.0)), shown(&[GENERATION, FIRST, SECOND], &[]));
    let mut new = measure("a", 2, &[GENERATION, FIRST], 2);
    assert_eq!(new.hold(&map, at(1.0)), shown(&[GENERATION, FIRST], &[SECOND]));
    // What is still there, until its connections are drained, has nothing to say any more.
    assert_eq!(old.hold(&map, at(2.0)).own, of(&[]));
    // The new one again, in case that another worker has set it meanwhile.
    assert_eq!(new.hold(&map, at(10.0)), shown(&[GENERATION, FIRST], &[SECOND]));
    assert_eq!(old.leave(&map, at(11.0)), shown(&[], &[SECOND]));
    assert_eq!(new.hold(&map, at(20.0)), shown(&[GENERATION, FIRST], &[]));
    assert_eq!(new.leave(&map, at(21.0)), shown(&[], &[GENERATION, FIRST]));
}

#[test]
fn the_last_worker_to_leave_ends_them() {
    let map = FakeMap::default();
    let mut workers = [1, 2, 3].map(|holder| measure("a", 1, &[GENERATION], holder));
    for worker in &mut workers {
        assert_eq!(worker.hold(&map, at(0.0)), shown(&[GENERATION], &[]));
    }
    let left = workers.map(|mut worker| worker.leave(&map, at(1.0)));
    assert_eq!(left, [shown(&[], &[]), shown(&[], &[]), shown(&[], &[GENERATION])]);
}

/// Two listeners, whose configurations have no name: they share gauges, and neither takes the other's place.
#[test]
fn of_two_configurations_at_once_the_newer_shows_and_the_other_is_there_after_it() {
    let map = FakeMap::default();
    let mut ees = measure("ees", 1, &[GENERATION, FIRST, SECOND], 1);
    let mut ecs = measure("ecs", 2, &[GENERATION, FIRST], 2);
    assert_eq!(ees.hold(&map, at(0.0)), shown(&[GENERATION, FIRST, SECOND], &[]));
    assert_eq!(ecs.hold(&map, at(1.0)), shown(&[GENERATION, FIRST], &[]));
    assert_eq!(ees.hold(&map, at(2.0)), shown(&[SECOND], &[]));
    assert_eq!(ecs.leave(&map, at(3.0)), shown(&[], &[]));
    assert_eq!(ees.hold(&map, at(4.0)), shown(&[GENERATION, FIRST, SECOND], &[]));
    // Another name: nothing in common.
    let mut named = Measure::new(Some("b"), "ees", 3, of(&[FIRST]), 3);
    assert_eq!(named.hold(&map, at(5.0)), shown(&[FIRST], &[]));
    assert_eq!(named.leave(&map, at(6.0)), shown(&[], &[FIRST]));
    assert_eq!(ees.hold(&map, at(7.0)), shown(&[GENERATION, FIRST, SECOND], &[]));
}

/// The same configuration in a new VM, of another module or environment, and the VM before ends late.
#[test]
fn a_vm_that_ends_late_ends_nothing_of_the_same_configuration() {
    let map = FakeMap::default();
    let mut old = measure("a", 1, &[GENERATION, FIRST], 1);
    let mut new = measure("a", 1, &[GENERATION, FIRST], 2);
    old.hold(&map, at(0.0));
    new.hold(&map, at(1.0));
    assert_eq!(old.leave(&map, at(2.0)), shown(&[], &[]));
    assert_eq!(new.hold(&map, at(3.0)), shown(&[GENERATION, FIRST], &[]));
}

#[test]
fn a_push_back_is_a_push() {
    let map = FakeMap::default();
    let mut first = measure("a", 1, &[GENERATION, FIRST], 1);
    let mut second = measure("a", 2, &[GENERATION, SECOND], 2);
    first.hold(&map, at(0.0));
    second.hold(&map, at(1.0));
    let mut again = measure("a", 1, &[GENERATION, FIRST], 3);
    assert_eq!(again.hold(&map, at(2.0)), shown(&[GENERATION, FIRST], &[SECOND]));
    assert_eq!(second.hold(&map, at(3.0)).own, of(&[]));
}

/// A worker that trapped: nobody says that its configuration is gone.
#[test]
fn whoever_says_nothing_for_a_minute_is_gone() {
    let map = FakeMap::default();
    let mut trapped = measure("a", 1, &[GENERATION, FIRST], 1);
    trapped.hold(&map, at(0.0));
    let mut other = measure("b", 2, &[GENERATION], 2);
    for second in [1.0, 11.0, 21.0, 31.0, 41.0, 51.0, 58.0] {
        assert_eq!(other.hold(&map, at(second)), shown(&[GENERATION], &[]), "{second}");
    }
    assert_eq!(other.hold(&map, at(61.0)), shown(&[GENERATION], &[FIRST]));
    // It was only slow.
    assert_eq!(trapped.hold(&map, at(70.0)), shown(&[FIRST], &[]));
    // A clock that is set back makes nobody stay for ever.
    assert_eq!(other.hold(&map, at(-1_000.0)), shown(&[GENERATION], &[FIRST]));
}

#[test]
fn who_never_came_does_not_leave_and_who_cannot_ask_is_alone() {
    let mut canary = measure("a", 1, &[FIRST], 1);
    assert_eq!(canary.leave(&FakeMap::default(), at(0.0)), Shown::default());
    let mut alone = measure("a", 1, &[FIRST], 1);
    assert_eq!(alone.hold(&NoMap, at(0.0)), shown(&[FIRST], &[]));
    assert_eq!(alone.leave(&NoMap, at(1.0)), shown(&[], &[FIRST]));
}

#[test]
fn what_another_has_written_there_is_nobodys() {
    for written in
        ["\u{1}", "a 1 18446744073709551615 1 1:1796000300 x\n", "a 1 1 77 1:1796000300", "\n\n a b c"]
    {
        let map = FakeMap::default();
        map.put("eec_authn.gauges", written.as_bytes(), 0);
        let mut own = measure("a", 2, &[GENERATION], 2);
        assert_eq!(own.hold(&map, at(0.0)), shown(&[GENERATION], &[]), "{written}");
        assert_eq!(own.leave(&map, at(0.0)), shown(&[], &[GENERATION]), "{written}");
    }
}

#[test]
fn workers_in_threads_agree() {
    let map = FakeMap::default();
    let ended: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|holder| {
                let map = &map;
                scope.spawn(move || {
                    let mut own = measure("a", 1, &[GENERATION], holder);
                    assert_eq!(own.hold(map, at(0.0)).own, of(&[GENERATION]));
                    own.leave(map, at(1.0)).over.len()
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker")).sum()
    });
    // Whoever leaves while nobody else is there ends it, the last of all too.
    assert!((1..=8).contains(&ended), "{ended}");
    let mut next = measure("a", 2, &[GENERATION], 9);
    assert_eq!(next.hold(&map, at(2.0)), shown(&[GENERATION], &[]));
    assert_eq!(next.leave(&map, at(3.0)), shown(&[], &[GENERATION]));
}
