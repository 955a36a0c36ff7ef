use super::*;

fn map(capacity: usize, budget: usize) -> BoundedMap<usize> {
    BoundedMap::with_budget(capacity, budget, RandomState::new())
}

/// The keys below `end` that are there, each with its own value.
fn there(map: &mut BoundedMap<usize>, end: usize) -> Vec<usize> {
    let all = (0..end).filter_map(|n| Some((n, *map.get(&n.to_le_bytes())?)));
    all.inspect(|(key, value)| assert_eq!(key, value)).map(|(key, _)| key).collect()
}

#[test]
fn it_holds_no_more_than_its_capacity_and_what_is_used_stays() {
    let mut map = map(100, 0);
    for n in 0..1_000_usize {
        map.insert(&n.to_le_bytes(), n);
        assert_eq!(map.get(&7_usize.to_le_bytes()).copied(), (n >= 7).then_some(7), "{n}");
    }
    let there = there(&mut map, 1_000);
    assert_eq!(there.len(), 100);
    assert!(there.contains(&999), "the newest goes last");
}

#[test]
fn it_holds_no_more_than_its_budget() {
    let mut map = map(100, 1_000);
    for n in 0..100_usize {
        map.insert_weighing(&n.to_le_bytes(), n, 100);
    }
    assert_eq!(there(&mut map, 100).len(), 10);
    map.insert_weighing(&100_usize.to_le_bytes(), 100, 950);
    assert_eq!(there(&mut map, 101), [100]);
    map.insert_weighing(&101_usize.to_le_bytes(), 101, 1_001);
    assert_eq!(there(&mut map, 102), [100], "too heavy at all");
    map.insert_weighing(&100_usize.to_le_bytes(), 100, 1_001);
    assert_eq!(there(&mut map, 102), [0_usize; 0], "the old value does not stay for the new one");
    for n in 0..100_usize {
        map.insert_weighing(&n.to_le_bytes(), n, 10);
        map.insert_weighing(&n.to_le_bytes(), n, 10);
    }
    assert_eq!(there(&mut map, 100).len(), 100, "what is replaced weighs nothing any more");
}

#[test]
fn what_is_not_to_be_kept_is_gone_and_makes_room() {
    let mut map = map(100, 1_000);
    for n in 0..100_usize {
        map.insert_weighing(&n.to_le_bytes(), n, 10);
    }
    map.retain(|n| n % 3 == 0);
    let kept: Vec<usize> = (0..100).filter(|n| n % 3 == 0).collect();
    assert_eq!(there(&mut map, 100), kept);
    for n in 100..166_usize {
        map.insert_weighing(&n.to_le_bytes(), n, 10);
    }
    assert_eq!(there(&mut map, 166).len(), 100, "nothing had to go for them");
}

#[test]
fn what_is_removed_is_gone_and_nothing_else() {
    let mut map = map(100, 1_000);
    map.remove(b"nothing is there yet");
    for n in 0..100_usize {
        map.insert_weighing(&n.to_le_bytes(), n, 10);
    }
    for n in [99, 0, 50, 50, 100_usize] {
        map.remove(&n.to_le_bytes());
    }
    let kept: Vec<usize> = (0..100).filter(|n| ![0, 50, 99].contains(n)).collect();
    assert_eq!(there(&mut map, 101), kept);
    for n in [0, 50, 99_usize] {
        map.insert_weighing(&n.to_le_bytes(), n, 10);
    }
    assert_eq!(there(&mut map, 100).len(), 100, "it has made room");
}

#[test]
fn what_is_used_stays_while_there_is_what_is_not() {
    let mut map = map(100, 0);
    for n in 0..100_usize {
        map.insert(&n.to_le_bytes(), n);
    }
    for round in 0..5 {
        let used: Vec<usize> = (0..100).filter(|n| n % 2 == 0).collect();
        used.iter().for_each(|n| assert!(map.get(&n.to_le_bytes()).is_some(), "{n} in round {round}"));
        for n in (0..5_usize).map(|n| 1_000 + 10 * round + n) {
            map.insert(&n.to_le_bytes(), n);
        }
    }
    assert_eq!(there(&mut map, 2_000).len(), 100);
}

#[test]
fn of_what_nobody_uses_the_oldest_goes_first() {
    for all in 100..500_usize {
        let mut map = map(100, 0);
        for n in 0..all {
            map.insert(&n.to_le_bytes(), n);
        }
        let newest: Vec<usize> = there(&mut map, all).into_iter().filter(|n| n + 50 >= all).collect();
        assert_eq!(newest, (all - 50..all).collect::<Vec<_>>(), "{all}");
    }
}

#[test]
fn keys_are_equal_in_every_byte() {
    for length in 0..40_usize {
        let key = vec![7_u8; length];
        assert!(are_equal(&key, &key.clone()), "{length}");
        assert!(!are_equal(&key, &vec![7_u8; length + 1]), "{length}");
        assert!(!are_equal(&vec![7_u8; length + 8], &key), "{length}");
        for (one, other) in (0..length).flat_map(|one| (one..length).map(move |other| (one, other))) {
            let mut changed = key.clone();
            changed[one] = 9;
            changed[other] = 9;
            assert!(!are_equal(&key, &changed), "{length}: {one} and {other}");
        }
    }
}

#[test]
fn without_capacity_it_holds_nothing() {
    let mut map = map(0, usize::MAX);
    map.insert(b"key", 1);
    assert_eq!(map.get(b"key"), None);
    assert_eq!([0, 1].map(|capacity| super::tests::map(capacity, 0).is_on()), [false, true]);
}
