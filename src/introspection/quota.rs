//! A bound that several share, so that none of them can take what another needs.

/// Of every bound, so much of it is kept for tokens that a pinned key has verified: anybody can send others.
const KEPT_FOR_VERIFIED: usize = 4;

/// On whose behalf something is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Party {
    /// The number of the entitlement server that is asked.
    pub server: usize,
    /// Whether a pinned key has verified the token that it is asked about.
    pub verified: bool,
}

/// A bound, and how much of it is taken.
#[derive(Debug)]
pub(super) struct Quota {
    bound: usize,
    /// What one server may take, so that one that hangs leaves room for others.
    bound_of_one: usize,
    all: Taken,
    /// By the server's number.
    each: Vec<Taken>,
}

impl Quota {
    /// Nothing is taken of `bound`, where `servers` can be asked.
    pub(super) fn new(bound: usize, servers: usize) -> Quota {
        let bound_of_one = if servers > 1 { bound / 2 } else { bound };
        Quota { bound, bound_of_one, all: Taken::default(), each: Vec::new() }
    }

    /// Whether there is room for one more.
    pub(super) fn has_room(&self, party: Party) -> bool {
        let own = self.each.get(party.server).copied().unwrap_or_default();
        self.all.has_room(party, self.bound) && own.has_room(party, self.bound_of_one)
    }

    /// Takes one.
    pub(super) fn take(&mut self, party: Party) {
        self.change(party, |taken| *taken = taken.saturating_add(1));
    }

    /// Gives back so many.
    pub(super) fn give_back(&mut self, party: Party, number: usize) {
        self.change(party, |taken| *taken = taken.saturating_sub(number));
    }

    /// How much is taken.
    pub(super) fn taken(&self) -> usize {
        self.all.verified.saturating_add(self.all.others)
    }

    fn change(&mut self, party: Party, change: impl Fn(&mut usize)) {
        if self.each.len() <= party.server {
            self.each.resize(party.server.saturating_add(1), Taken::default());
        }
        for taken in [Some(&mut self.all), self.each.get_mut(party.server)].into_iter().flatten() {
            change(if party.verified { &mut taken.verified } else { &mut taken.others });
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Taken {
    verified: usize,
    others: usize,
}

impl Taken {
    fn has_room(self, party: Party, bound: usize) -> bool {
        let of_others = bound.saturating_sub(bound / KEPT_FOR_VERIFIED);
        self.verified.saturating_add(self.others) < bound && (party.verified || self.others < of_others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verified(server: usize) -> Party {
        Party { server, verified: true }
    }

    fn other(server: usize) -> Party {
        Party { server, verified: false }
    }

    /// How many more `party` can take; it takes them.
    fn fill(quota: &mut Quota, party: Party) -> usize {
        (0_usize..).take_while(|_| quota.has_room(party).then(|| quota.take(party)).is_some()).count()
    }

    #[test]
    fn a_quarter_is_kept_for_verified_tokens() {
        let mut quota = Quota::new(100, 1);
        assert_eq!(fill(&mut quota, other(0)), 75);
        assert_eq!(fill(&mut quota, verified(0)), 25);
        assert!(!quota.has_room(other(0)) && !quota.has_room(verified(0)));
        quota.give_back(other(0), 1);
        assert!(quota.has_room(other(0)) && quota.has_room(verified(0)));
        assert_eq!(quota.taken(), 99);
    }

    #[test]
    fn verified_tokens_may_have_it_all() {
        let mut quota = Quota::new(100, 1);
        assert_eq!(fill(&mut quota, verified(0)), 100);
        quota.give_back(verified(0), 30);
        assert_eq!(fill(&mut quota, other(0)), 30);
    }

    #[test]
    fn of_several_servers_none_takes_more_than_half() {
        let mut quota = Quota::new(100, 3);
        assert_eq!(fill(&mut quota, verified(0)), 50);
        assert_eq!(fill(&mut quota, verified(1)), 50);
        assert!(!quota.has_room(verified(2)));
        quota.give_back(verified(0), 50);
        // A quarter of the half, too.
        assert_eq!(fill(&mut quota, other(2)), 38);
        assert_eq!(fill(&mut quota, verified(2)), 12);
    }

    #[test]
    fn others_of_several_servers_leave_a_quarter_of_all() {
        let mut quota = Quota::new(100, 3);
        assert_eq!([0, 1, 2].map(|server| fill(&mut quota, other(server))), [38, 37, 0]);
        assert_eq!([0, 1, 2].map(|server| fill(&mut quota, verified(server))), [12, 13, 0]);
    }
}
