use super::*;

const PACE: Pace = Pace { refresh: 300.0, timeout: 1.0 };

fn at(seconds: f64) -> UnixTime {
    UnixTime::new(1_796_000_000.0 + seconds).expect("a time")
}

/// Plays `wanted` (seconds and why, in order) against a server that answers as `brings` says a tenth of a second later,
/// and returns when fetches began.
fn fetches(
    schedule: &mut Schedule,
    wanted: impl IntoIterator<Item = (f64, Want)>,
    brings: impl Fn(f64) -> Brought,
) -> Vec<f64> {
    let mut begun = Vec::new();
    let mut under_way: Option<(f64, u64)> = None;
    for (second, want) in wanted {
        if let Some((start, number)) = under_way.filter(|(start, _)| second >= start + 0.1) {
            let ended = schedule.ended(number, brings(start), at(start + 0.1), PACE, 0.0);
            *schedule = ended.expect("it is under way");
            under_way = None;
        }
        if let Some((next, number)) = schedule.begun(want, at(second), PACE) {
            assert!(under_way.is_none(), "one at a time: {second}");
            (*schedule, under_way) = (next, Some((second, number)));
            begun.push(second);
        }
    }
    begun
}

/// Every tenth of a second, from `from` to `to`.
fn every_tenth(from: u32, to: u32, want: Want) -> impl Iterator<Item = (f64, Want)> {
    (from..to)
        .flat_map(move |second| (0..10).map(move |tenth| (f64::from(second) + f64::from(tenth) / 10.0, want)))
}

/// Within a second: pauses begin where a fetch ends, and each fetch takes a moment.
#[track_caller]
fn assert_near(times: &[f64], wanted: &[f64]) {
    let near = times.iter().zip(wanted).all(|(time, wanted)| (time - wanted).abs() < 1.0);
    assert!(near && times.len() == wanted.len(), "{times:?} is not {wanted:?}");
}

#[test]
fn the_first_is_at_once_and_then_it_is_every_so_often() {
    let begun = fetches(&mut Schedule::default(), every_tenth(0, 1_000, Want::Due), |_| Brought::Same);
    assert_near(&begun, &[0.0, 300.0, 600.0, 901.0]);
}

#[test]
fn until_one_succeeds_the_pauses_double_up_to_the_refresh() {
    let mut schedule = Schedule::default();
    let begun = fetches(&mut schedule, every_tenth(0, 1_500, Want::Due), |_| Brought::Nothing);
    assert_near(&begun, &[0.0, 1.0, 3.0, 7.0, 15.0, 32.0, 64.0, 128.0, 256.0, 512.0, 812.0, 1112.0, 1412.0]);
    assert_eq!(schedule.set(), 0);
}

#[test]
fn ten_minutes_without_a_server_keep_the_set_and_find_the_server_again() {
    let mut schedule = Schedule::default();
    let out = |time: f64| (310.0..910.0).contains(&time);
    let brings = |time| if out(time) { Brought::Nothing } else { Brought::Same };
    let begun = fetches(&mut schedule, every_tenth(0, 1_600, Want::Due), brings);
    let failed: Vec<f64> = begun.iter().copied().filter(|time| out(*time)).collect();
    assert_near(&failed, &[600.0, 601.0, 603.0, 607.0, 616.0, 632.0, 664.0, 728.0, 856.0]);
    // The next try finds it again.
    assert_near(begun.get(11..).expect("more"), &[1_112.0, 1_412.0]);
    assert_eq!(schedule.set(), 13, "the last that brought one");
}

#[test]
fn unknown_names_bring_one_in_five_seconds_with_a_growing_pause() {
    let mut schedule = Schedule::default();
    fetches(&mut schedule, [(0.0, Want::Due), (1.0, Want::Due)], |_| Brought::Same);
    let begun = fetches(&mut schedule, every_tenth(1, 290, Want::Unknown), |_| Brought::Same);
    assert_near(&begun, &[1.0, 11.0, 31.0, 71.0, 131.0, 191.0, 251.0]);
}

#[test]
fn what_brings_something_new_ends_the_growing() {
    let mut schedule = Schedule::default();
    fetches(&mut schedule, [(0.0, Want::Due), (1.0, Want::Due)], |_| Brought::Same);
    let brings = |time: f64| if time > 30.5 { Brought::New } else { Brought::Same };
    let begun = fetches(&mut schedule, every_tenth(1, 60, Want::Unknown), brings);
    assert_near(&begun, &[1.0, 11.0, 31.0, 36.0, 41.0, 46.0, 51.0, 56.0]);
}

#[test]
fn what_is_due_takes_nothing_from_unknown_names() {
    let mut schedule = Schedule::default();
    let begun = fetches(&mut schedule, every_tenth(0, 5, Want::Unknown), |_| Brought::Same);
    assert_eq!(begun, [0.0, 0.1]);
}

#[test]
fn a_worker_that_is_gone_holds_nobody_up_for_longer_than_a_fetch_may_take() {
    let (schedule, gone) = Schedule::default().begun(Want::Due, at(0.0), PACE).expect("due");
    assert!(schedule.is_under_way(at(0.9), PACE) && schedule.begun(Want::Due, at(0.9), PACE).is_none());
    assert!(!schedule.is_under_way(at(1.0), PACE));
    let (next, number) = schedule.begun(Want::Due, at(1.0), PACE).expect("due still");
    assert_eq!(number, 2);
    // It comes back.
    assert_eq!(next.ended(gone, Brought::New, at(1.1), PACE, 0.0), None);
    let done = next.ended(number, Brought::New, at(1.2), PACE, 0.0).expect("its own");
    assert_eq!(done.ended(number, Brought::New, at(1.3), PACE, 0.0), None, "once only");
}

#[test]
fn a_fetch_that_is_abandoned_is_as_if_it_had_not_begun() {
    let mut schedule = Schedule::default();
    for (want, second) in [(Want::Due, 0.0), (Want::Unknown, 10.0)] {
        let (begun, number) = schedule.begun(want, at(second), PACE).expect("it may");
        assert_eq!(begun.abandoned(number + 1), None);
        let abandoned = begun.abandoned(number).expect("its own");
        assert_eq!(abandoned.ended(number, Brought::New, at(second), PACE, 0.0), None, "{want:?}");
        let (again, number) = abandoned.begun(want, at(second), PACE).expect("at once");
        schedule = again.ended(number, Brought::Same, at(second), PACE, 0.0).expect("its own");
        assert_eq!((schedule.abandoned(number), schedule.set()), (None, number), "{want:?}");
    }
}

#[test]
fn a_worker_that_read_the_clock_a_moment_before_another_began_begins_none() {
    for (want, before) in [(Want::Due, 0.0), (Want::Unknown, 10.0)] {
        let mut schedule = Schedule::default();
        if want == Want::Unknown {
            fetches(&mut schedule, [(0.0, Want::Due), (1.0, Want::Due)], |_| Brought::Same);
        }
        let (begun, number) = schedule.begun(want, at(before), PACE).expect("it may");
        assert_eq!(begun.begun(Want::Unknown, at(before - 0.001), PACE), None, "{want:?}");
        let ended = begun.ended(number, Brought::New, at(before + 0.2), PACE, 0.0).expect("its own");
        assert_eq!(ended.begun(want, at(before + 0.199), PACE), None, "{want:?}");
    }
}

#[test]
fn a_clock_that_is_set_back_stops_nothing() {
    let mut schedule = Schedule::default();
    fetches(&mut schedule, [(86_400.0, Want::Due), (86_401.0, Want::Unknown)], |_| Brought::Same);
    let leased = schedule;
    assert!(!leased.is_under_way(at(0.0), PACE));
    assert!(leased.begun(Want::Due, at(0.0), PACE).is_some());
    let (ended, _) = leased.begun(Want::Unknown, at(0.0), PACE).expect("it may");
    assert!(ended.is_under_way(at(0.5), PACE));
}

#[test]
fn refreshes_are_spread_by_a_tenth() {
    let due_after = |spread: f64| {
        let (begun, number) = Schedule::default().begun(Want::Due, at(0.0), PACE).expect("due");
        let ended = begun.ended(number, Brought::Same, at(0.0), PACE, spread).expect("its own");
        (0..400).find(|second| ended.begun(Want::Due, at(f64::from(*second)), PACE).is_some())
    };
    assert_eq!([due_after(0.0), due_after(0.5), due_after(1.0)], [Some(300), Some(285), Some(270)]);
}

#[test]
fn bytes_keep_all_of_it_and_strange_ones_are_nothing() {
    let (schedule, _) = Schedule::default().begun(Want::Unknown, at(0.0), PACE).expect("due");
    let bytes = schedule.to_bytes();
    assert_eq!(Schedule::from_bytes(&bytes), schedule);
    assert_eq!(Schedule::from_bytes(&Schedule::default().to_bytes()), Schedule::default());
    let endless = Schedule { fetches: u64::MAX, ..schedule }.to_bytes();
    for strange in
        [&b""[..], b"x", &endless, &bytes[1..], &[&bytes[..], &[0]].concat(), &[0xff; 72], &[0; 72]]
    {
        assert_eq!(Schedule::from_bytes(strange), Schedule::default());
    }
}
