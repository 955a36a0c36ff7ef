//! The memory of proofs that were used, shared by all workers of a host, whatever configuration they have.
//!
//! What hosts share is a map of bytes without removal, so the memory is bounded by its names: a room for so many clients each. Which
//! clients share one is decided by a hash with a secret that the workers have agreed on; nobody outside can choose. Each
//! entitlement server has rooms of its own.

use super::replay::{Admission, Entry, admit};
use crate::mac_key::MacKey;
use crate::policy::{Mode, Policy};
use crate::shared_map::{self, SharedMap};
use crate::time::UnixTime;
use sha2::{Digest as _, Sha256};
use std::cell::Cell;
use std::fmt;

/// Where the secret is. Other modules of the same `vm_id` can read it there, clients cannot.
const NAME_OF_SECRET: &str = "eec_authn.proof.secret";

/// Rooms for the clients of one entitlement server: all full, they take 128 MiB.
const ROOMS: u16 = 2_048;

/// Whose memory it is: it outlives pushes, and belongs to a server and a mode.
#[derive(Debug, Clone, Copy)]
pub struct MemoryOwner<'a> {
    /// The `name` of the configuration.
    pub name: Option<&'a str>,
    /// The first of `protects.fqdns`.
    pub fqdn: &'a str,
    /// What a denial does.
    pub mode: Mode,
}

impl<'a> MemoryOwner<'a> {
    /// The owner of the memory that `policy` works with.
    pub fn of(policy: &'a Policy) -> MemoryOwner<'a> {
        let fqdn = policy.protects.fqdns.first().map_or("", |fqdn| fqdn.as_str());
        MemoryOwner { name: policy.name.as_deref(), fqdn, mode: policy.mode }
    }

    fn key(self) -> String {
        let mode = match self.mode {
            Mode::Enforce => "enforce",
            Mode::Shadow => "shadow",
        };
        format!(
            "eec_authn.proof.{}",
            in_short(&format!("{mode} {} {}", self.fqdn, self.name.unwrap_or_default()))
        )
    }
}

/// What the workers of a host have seen, as one of them knows it.
pub struct ProofMemory {
    map: Box<dyn SharedMap>,
    /// `None`: the workers could not agree on one, and nothing can be remembered.
    secret: Option<MacKey>,
    name: String,
    since: UnixTime,
}

impl fmt::Debug for ProofMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofMemory")
            .field("name", &self.name)
            .field("since", &self.since)
            .finish_non_exhaustive()
    }
}

impl ProofMemory {
    /// Agrees with the other workers on the secret, of which `random` is this one's proposal, and on when the memory began: `now`, if
    /// this is the first.
    pub fn agree(
        map: Box<dyn SharedMap>,
        owner: MemoryOwner<'_>,
        random: Option<[u8; 32]>,
        now: UnixTime,
    ) -> ProofMemory {
        let name = owner.key();
        let secret = random.and_then(|random| shared_map::agree(&*map, NAME_OF_SECRET, &random));
        let since = shared_map::agree(&*map, &format!("{name}.since"), &now.seconds().to_le_bytes());
        let since = since.and_then(|bytes| UnixTime::new(f64::from_le_bytes(bytes)));
        ProofMemory {
            secret: secret.and_then(|secret| MacKey::new(&secret)),
            name,
            since: since.unwrap_or(now),
            map,
        }
    }

    /// When it began: what was used before is not known.
    pub fn since(&self) -> UnixTime {
        self.since
    }

    /// Remembers the proof `jti` by the key `jkt` of `eec_id`, a client of `issuer`, if it is new. Its time is `time`; what is older
    /// than `oldest` cannot pass any more.
    pub(super) fn admit(
        &self,
        issuer: &str,
        eec_id: &str,
        (jkt, jti): (&str, &str),
        time: UnixTime,
        oldest: UnixTime,
    ) -> Admission {
        let Some(secret) = &self.secret else { return Admission::Replayed };
        let client = secret.mac(&[b"client", issuer.as_bytes(), eec_id.as_bytes()]);
        let proof = secret.mac(&[b"proof", jkt.as_bytes(), jti.as_bytes()]);
        let (Some((room, rest)), Some(proof)) = (client.split_first_chunk(), proof.first_chunk()) else {
            return Admission::Replayed;
        };
        let Some(client) = rest.first_chunk() else { return Admission::Replayed };
        let room = u16::from_le_bytes(*room) & ROOMS.saturating_sub(1);
        let name = format!("{}.{}.{room:03x}", self.name, in_short(issuer));
        let new = Entry { client: *client, time: microseconds(time), proof: *proof };
        let found = Cell::new(Admission::Replayed);
        let done = shared_map::update(&*self.map, &name, &|room| {
            let (admission, changed) = admit(room, new, microseconds(oldest));
            found.set(admission);
            changed
        });
        // What could not be remembered must not pass.
        if done { found.get() } else { Admission::Replayed }
    }
}

/// A time, never 0: that is before all others.
fn microseconds(time: UnixTime) -> u64 {
    ((time.seconds() * 1e6) as u64).max(1)
}

/// A name of the operator's in a few characters.
fn in_short(name: &str) -> String {
    let hash = Sha256::digest(name);
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared_map::fake::{FakeMap, NoMap};
    use crate::shared_map::{Put, Read};
    use std::sync::Arc;

    /// Two workers' views of one map.
    struct Same(Arc<FakeMap>);

    impl SharedMap for Same {
        fn get(&self, name: &str) -> Read {
            self.0.get(name)
        }
        fn put(&self, name: &str, value: &[u8], version: u32) -> Put {
            self.0.put(name, value, version)
        }
    }

    const OWNER: MemoryOwner<'_> = MemoryOwner { name: None, fqdn: "ees1.example.net", mode: Mode::Enforce };

    fn worker(map: &Arc<FakeMap>, owner: MemoryOwner<'_>, random: u8, now: f64) -> ProofMemory {
        ProofMemory::agree(Box::new(Same(Arc::clone(map))), owner, Some([random; 32]), at(now))
    }

    fn at(seconds: f64) -> UnixTime {
        UnixTime::new(seconds).expect("a time")
    }

    fn uses(memory: &ProofMemory, issuer: &str, eec_id: &str, jti: &str) -> Admission {
        memory.admit(issuer, eec_id, ("jkt", jti), at(1_000.0), at(940.0))
    }

    #[test]
    fn what_one_worker_has_seen_another_refuses_whatever_configuration_comes_after() {
        let map = Arc::default();
        let (one, other) = (worker(&map, OWNER, 1, 1_000.0), worker(&map, OWNER, 2, 2_000.0));
        assert_eq!(uses(&one, "a", "eec-1", "j"), Admission::Fresh);
        assert_eq!(uses(&other, "a", "eec-1", "j"), Admission::Replayed);
        assert_eq!(uses(&other, "a", "eec-1", "k"), Admission::Fresh);
        assert_eq!((one.since(), other.since()), (at(1_000.0), at(1_000.0)), "it began once");
    }

    #[test]
    fn two_at_the_same_moment_are_one_and_one() {
        let map: Arc<FakeMap> = Arc::default();
        let one = worker(&map, OWNER, 1, 1_000.0);
        let again = Arc::clone(&map);
        map.before_put(move |_| {
            assert_eq!(uses(&worker(&again, OWNER, 2, 1_000.0), "a", "eec-1", "j"), Admission::Fresh);
        });
        assert_eq!(uses(&one, "a", "eec-1", "j"), Admission::Replayed);
        assert_eq!(map.still_to_come(), 0);
    }

    #[test]
    fn servers_clients_modes_and_hosts_have_memories_of_their_own() {
        let map = Arc::default();
        let one = worker(&map, OWNER, 1, 1_000.0);
        let others = [
            MemoryOwner { mode: Mode::Shadow, ..OWNER },
            MemoryOwner { fqdn: "ees2.example.net", ..OWNER },
            MemoryOwner { name: Some("second"), ..OWNER },
        ];
        assert_eq!(uses(&one, "a", "eec-1", "j"), Admission::Fresh);
        assert_eq!(uses(&one, "b", "eec-1", "j"), Admission::Fresh);
        assert_eq!(uses(&one, "a", "eec-2", "j"), Admission::Fresh);
        for owner in others {
            assert_eq!(uses(&worker(&map, owner, 1, 1_000.0), "a", "eec-1", "j"), Admission::Fresh);
        }
    }

    #[test]
    fn many_clients_share_the_rooms_of_a_server_and_no_more() {
        let map: Arc<FakeMap> = Arc::default();
        let memory = worker(&map, OWNER, 1, 1_000.0);
        let before = map.len();
        for client in 0..10 * usize::from(ROOMS) {
            assert_eq!(uses(&memory, "a", &format!("eec-{client}"), "j"), Admission::Fresh);
        }
        let rooms = map.len() - before;
        assert!((usize::from(ROOMS) * 9 / 10..=usize::from(ROOMS)).contains(&rooms), "{rooms}");
    }

    #[test]
    fn a_memory_shows_whose_it_is_and_no_secret() {
        let shown = format!("{:?}", worker(&Arc::default(), OWNER, 7, 1_000.0));
        assert!(shown.starts_with("ProofMemory { name: ") && shown.ends_with(", .. }"), "{shown}");
        assert!(!shown.contains("secret") && !shown.contains("[7, 7"), "{shown}");
    }

    #[test]
    fn what_cannot_be_remembered_does_not_pass() {
        let none = ProofMemory::agree(Box::new(NoMap), OWNER, Some([1; 32]), at(1_000.0));
        assert_eq!(uses(&none, "a", "eec-1", "j"), Admission::Replayed);
        let no_secret = ProofMemory::agree(Box::new(FakeMap::default()), OWNER, None, at(1_000.0));
        assert_eq!(uses(&no_secret, "a", "eec-1", "j"), Admission::Replayed);
    }
}
