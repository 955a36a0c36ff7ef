//! Proofs that were used, in one room: which have been seen, and what is forgotten when there is no more place.
//!
//! A room is bytes, as hosts share them between workers: a time up to which everything is refused, then entries. Several clients
//! have a part in one room. A client that fills its part forgets its own oldest proofs, and from then on nothing of it passes that is
//! not later than those: what is forgotten is refused by its time, so that nothing passes twice. A room that is full takes
//! from the client that has most in it.

use std::collections::BTreeMap;

/// Proofs that a client may have in its room.
pub(super) const TO_A_CLIENT: usize = 1_024;

/// Entries in a room.
pub(super) const TO_A_ROOM: usize = 2_048;

/// Bytes of an entry: client, time, proof.
const ENTRY: usize = 32;

/// In place of a proof: all of this client up to this time is refused.
const ALL: [u8; 16] = [0; 16];

/// A proof, or (as [`ALL`]) what has been forgotten of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// The client, in short.
    pub client: [u8; 8],
    /// The time that counts: the proof's own, or its nonce's. In microseconds since 1970.
    pub time: u64,
    /// The proof, in short.
    pub proof: [u8; 16],
}

/// What becomes of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// It is new, and remembered now.
    Fresh,
    /// It has been seen.
    Replayed,
    /// It is not later than what has been forgotten: nobody can say whether it has been seen. Later than this it can be
    /// said.
    TooOld(u64),
}

/// Puts `new` into the room; what is older than `oldest` cannot pass any more and is forgotten. The room as it is then, if
/// it changes.
pub(super) fn admit(room: &[u8], new: Entry, oldest: u64) -> (Admission, Option<Vec<u8>>) {
    let (mut refused, entries) = read(room);
    let mut kept = Vec::with_capacity(entries.size_hint().0.saturating_add(1));
    let (mut own, mut own_refused) = (0_usize, 0);
    for entry in entries {
        if entry.time < oldest {
            // It could pass again should the clock go back, or should a new configuration let proofs be older.
            refused = refused.max(entry.time);
            continue;
        }
        if entry.client == new.client {
            if entry.proof == new.proof {
                return (Admission::Replayed, None);
            }
            if entry.proof == ALL {
                own_refused = entry.time;
            } else {
                own = own.saturating_add(1);
            }
        }
        kept.push(entry);
    }
    let forgotten = refused.max(own_refused);
    if new.time <= forgotten {
        return (Admission::TooOld(forgotten), None);
    }
    kept.push(new);
    if own >= TO_A_CLIENT {
        forget_oldest_of(&mut kept, new.client);
    }
    while kept.len() > TO_A_ROOM {
        match largest(&kept) {
            Some((client, count)) if count > 2 => forget_oldest_of(&mut kept, client),
            _ => refused = forget_oldest(&mut kept).max(refused),
        }
    }
    if kept.contains(&new) {
        (Admission::Fresh, Some(write(refused, &kept)))
    } else {
        // It was itself what had to give way; one later than all that is left would not.
        let left = kept.iter().filter(|entry| entry.client == new.client).map(|entry| entry.time).max();
        (Admission::TooOld(left.unwrap_or(new.time)), None)
    }
}

/// Forgets what is oldest of a client, and notes up to when it is refused from now on.
fn forget_oldest_of(kept: &mut Vec<Entry>, client: [u8; 8]) {
    let is_proof = |entry: &Entry| entry.client == client && entry.proof != ALL;
    let Some(oldest) = kept.iter().filter(|entry| is_proof(entry)).map(|entry| entry.time).min() else {
        return;
    };
    kept.retain(|entry| entry.client != client || entry.time > oldest);
    kept.push(Entry { client, time: oldest, proof: ALL });
}

/// Forgets what is oldest of all, and tells up to when everybody is refused from now on.
fn forget_oldest(kept: &mut Vec<Entry>) -> u64 {
    let oldest = kept.iter().map(|entry| entry.time).min().unwrap_or_default();
    kept.retain(|entry| entry.time > oldest);
    oldest
}

/// The client with most entries, and their number.
fn largest(kept: &[Entry]) -> Option<([u8; 8], usize)> {
    let mut counts: BTreeMap<[u8; 8], usize> = BTreeMap::new();
    for entry in kept {
        let count = counts.entry(entry.client).or_default();
        *count = count.saturating_add(1);
    }
    counts.into_iter().max_by_key(|(_, count)| *count)
}

/// What a room holds; bytes that are no entry, which somebody else has left, are passed over.
fn read(room: &[u8]) -> (u64, impl Iterator<Item = Entry>) {
    let (refused, entries) = room.split_first_chunk().unwrap_or((&[0; 8], &[]));
    let entries = entries.as_chunks::<ENTRY>().0.iter().map(|bytes| {
        let (client, rest) = bytes.split_first_chunk().unwrap_or((&[0; 8], &[]));
        let (time, rest) = rest.split_first_chunk().unwrap_or((&[0; 8], &[]));
        let proof = rest.first_chunk().unwrap_or(&ALL);
        Entry { client: *client, time: u64::from_le_bytes(*time), proof: *proof }
    });
    (u64::from_le_bytes(*refused), entries)
}

fn write(refused: u64, entries: &[Entry]) -> Vec<u8> {
    let mut room = Vec::with_capacity(entries.len().saturating_mul(ENTRY).saturating_add(8));
    room.extend_from_slice(&refused.to_le_bytes());
    for entry in entries {
        room.extend_from_slice(&entry.client);
        room.extend_from_slice(&entry.time.to_le_bytes());
        room.extend_from_slice(&entry.proof);
    }
    room
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(client: u64, time: u64, proof: u64) -> Entry {
        let mut bytes = [1; 16];
        bytes[..8].copy_from_slice(&proof.to_le_bytes());
        Entry { client: client.to_le_bytes(), time, proof: bytes }
    }

    /// A room, and all that has ever passed: nothing passes twice.
    #[derive(Default)]
    struct Room {
        bytes: Vec<u8>,
        passed: std::collections::BTreeSet<([u8; 8], [u8; 16])>,
    }

    impl Room {
        fn put(&mut self, new: Entry, oldest: u64) -> Admission {
            let (admission, room) = admit(&self.bytes, new, oldest);
            assert_eq!(room.is_some(), admission == Admission::Fresh);
            self.bytes = room.unwrap_or(std::mem::take(&mut self.bytes));
            assert!(self.bytes.len() <= 8 + TO_A_ROOM * ENTRY);
            if admission == Admission::Fresh {
                assert!(self.passed.insert((new.client, new.proof)), "{new:?} passes twice");
            }
            admission
        }
    }

    #[test]
    fn a_proof_passes_once() {
        let mut room = Room::default();
        for client in 1..4 {
            assert_eq!(room.put(entry(client, 100, 7), 40), Admission::Fresh);
            assert_eq!(room.put(entry(client, 100, 7), 40), Admission::Replayed);
            assert_eq!(room.put(entry(client, 90, 8), 40), Admission::Fresh, "the order of times is free");
        }
        for client in 1..4 {
            assert_eq!(room.put(entry(client, 90, 8), 40), Admission::Replayed);
        }
    }

    #[test]
    fn what_is_too_old_to_pass_makes_place_and_stays_refused() {
        let mut room = Room::default();
        for n in 1..10_000 {
            assert_eq!(room.put(entry(1, n, n), n.saturating_sub(60)), Admission::Fresh);
        }
        assert_eq!(room.bytes.len(), 8 + 61 * ENTRY);
        assert_eq!(
            room.put(entry(1, 5_000, 5_000), 0),
            Admission::TooOld(9_938),
            "though the clock has gone back"
        );
        assert_eq!(room.put(entry(2, 5_000, 1), 0), Admission::TooOld(9_938));
    }

    #[test]
    fn a_client_s_flood_costs_itself_alone() {
        let mut room = Room::default();
        assert_eq!(room.put(entry(2, 10, 0), 0), Admission::Fresh);
        for n in 0..5_000 {
            assert_eq!(room.put(entry(1, 1_000 + n, n), 0), Admission::Fresh);
        }
        for n in 0..1_000 {
            assert_eq!(room.put(entry(2, 10, 1 + n), 0), Admission::Fresh);
        }
        assert_eq!(room.put(entry(2, 10, 0), 0), Admission::Replayed);
        for n in 0..5_000 {
            assert_ne!(room.put(entry(1, 1_000 + n, n), 0), Admission::Fresh, "{n}");
        }
        assert_eq!(
            room.put(entry(1, 10, 9_999), 0),
            Admission::TooOld(4_975),
            "not later than what is forgotten"
        );
        assert_eq!(room.put(entry(1, 6_001, 9_999), 0), Admission::Fresh);
    }

    #[test]
    fn a_client_holds_as_many_as_promised_and_then_no_more_of_that_time() {
        let mut room = Room::default();
        for n in 0..TO_A_CLIENT as u64 {
            assert_eq!(room.put(entry(1, 100, n), 0), Admission::Fresh, "{n}");
        }
        assert_eq!(room.put(entry(1, 100, 9_999), 0), Admission::TooOld(100));
        assert_eq!(room.put(entry(1, 99, 9_999), 0), Admission::TooOld(100));
        assert_eq!(room.put(entry(1, 101, 9_999), 0), Admission::Fresh);
        assert_eq!(
            room.put(entry(1, 100, 3), 0),
            Admission::TooOld(100),
            "the old ones have given way to it"
        );
    }

    #[test]
    fn a_room_full_of_clients_takes_from_those_who_have_most() {
        let mut room = Room::default();
        for client in 0..4 {
            for n in 0..1_000 {
                room.put(entry(client, 100 + n, n), 0);
            }
        }
        for client in 10..20 {
            for n in 0..20 {
                assert_eq!(room.put(entry(client, 100 + n, n), 0), Admission::Fresh, "{client} {n}");
            }
        }
        for client in 0..20 {
            for n in (0..1_000).step_by(10) {
                room.put(entry(client, 100 + n, n), 0);
            }
        }
    }

    #[test]
    fn a_room_holds_as_many_as_promised() {
        let mut room = Room::default();
        for client in 0..TO_A_ROOM as u64 {
            assert_eq!(room.put(entry(client, 1_000 + client, 0), 0), Admission::Fresh);
        }
        assert_eq!(room.put(entry(0, 1_000, 0), 0), Admission::Replayed, "all are known");
        assert_eq!(room.put(entry(1 << 40, 900, 0), 0), Admission::TooOld(900), "it is the oldest itself");
        assert_eq!(room.put(entry(1 << 40, 9_000, 0), 0), Admission::Fresh);
        assert_eq!(room.put(entry(0, 1_000, 0), 0), Admission::TooOld(1_000), "it has given way");
    }

    #[test]
    fn where_all_clients_have_two_the_oldest_of_all_give_way() {
        let mut room = Room::default();
        for n in 0..TO_A_ROOM as u64 + 20 {
            assert_eq!(room.put(entry(n / 2, 1_000 + n, n), 0), Admission::Fresh, "{n}");
        }
        assert_eq!(room.put(entry(0, 1_000, 0), 0), Admission::TooOld(1_019));
    }

    #[test]
    fn more_clients_than_entries_are_no_end() {
        let mut room = Room::default();
        for client in 0..TO_A_ROOM as u64 + 200 {
            assert_eq!(room.put(entry(client, 1_000 + client, 0), 0), Admission::Fresh);
        }
        for client in 0..TO_A_ROOM as u64 + 200 {
            assert_ne!(room.put(entry(client, 1_000 + client, 0), 0), Admission::Fresh);
        }
    }

    #[test]
    fn what_others_left_there_is_no_harm() {
        for length in 0..100 {
            let (admission, room) = admit(&vec![0x20; length], entry(1, u64::MAX - 1, 1), 0);
            assert_eq!(admission, Admission::Fresh, "{length}");
            let room = room.expect("a room");
            assert_eq!(admit(&room, entry(1, u64::MAX - 1, 1), 0).0, Admission::Replayed, "{length}");
        }
    }
}
