//! Inversion modulo a prime p by division steps, "Fast constant-time gcd computation and modular inversion"
//! (Bernstein and Yang 2019), in the variable-time form for public numbers: half the time of the power of p - 2.
//!
//! Numbers are nine limbs of 30 bits, signed. Thirty steps at a time are done on the lowest limbs alone, and what they
//! come to, a matrix, is applied to the whole numbers. Callers check the result with one
//! multiplication, so that nothing rests on this file.

#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "limbs are counted by constants, and products of 31 bits are summed in 64"
)]

const LIMBS: usize = 9;
const BITS: u32 = 30;
const MASK: i64 = (1 << BITS) - 1;

pub(super) type Number = [i32; LIMBS];

/// A prime of at most 256 bits.
pub(super) trait Modulus {
    /// The prime in limbs: less to multiply by the more of them are 0.
    const P: Number;

    /// The inverse of p modulo 2^30.
    const P_INVERSE: u32 = {
        // Newton's iteration doubles the number of good bits: 1 to 32.
        let p = Self::P[0] as u32;
        let mut inverse = 1_u32;
        let mut good = 1;
        while good < 32 {
            inverse = inverse.wrapping_mul(2_u32.wrapping_sub(p.wrapping_mul(inverse)));
            good *= 2;
        }
        inverse
    };
}

/// More than the steps that any number of 256 bits needs.
const MOST_ROUNDS: usize = 25;

/// The inverse of `bytes` (little-endian); `None` or nonsense where there is none.
pub(super) fn inverse<M: Modulus>(bytes: &[u8; 32]) -> Option<[u8; 32]> {
    let (mut d, mut e) = ([0; LIMBS], [1, 0, 0, 0, 0, 0, 0, 0, 0]);
    let (mut f, mut g) = (M::P, limbs(bytes));
    let mut eta = -1;
    for _ in 0..MOST_ROUNDS {
        let matrix = steps(&mut eta, f[0] as u32, g[0] as u32);
        matrix.apply_modulo_p::<M>(&mut d, &mut e);
        matrix.apply(&mut f, &mut g);
        if g == [0; LIMBS] {
            // f is now 1 or -1, and d times the number is f.
            return Some(to_bytes::<M>(&d, f[LIMBS - 1] < 0));
        }
    }
    None
}

/// `$body` for each limb but the first, written out: a build for small code unrolls no loop.
macro_rules! for_higher_limbs {
    ($i:ident, $body:block) => {
        for_higher_limbs!(@ $i, $body, 1 2 3 4 5 6 7 8)
    };
    (@ $i:ident, $body:block, $($n:literal)*) => {
        $({
            let $i: usize = $n;
            $body
        })*
    };
}

/// What thirty steps do to f and g, times 2^30.
struct Matrix {
    u: i32,
    v: i32,
    q: i32,
    r: i32,
}

/// Thirty division steps on the lowest bits of f and g.
fn steps(eta: &mut i32, f: u32, g: u32) -> Matrix {
    let (mut f, mut g) = (f, g);
    let (mut u, mut v, mut q, mut r) = (1_u32, 0_u32, 0_u32, 1_u32);
    let mut left = BITS;
    loop {
        // All steps over an even g at once.
        let zeros = (g | (u32::MAX << left)).trailing_zeros();
        g >>= zeros;
        u <<= zeros;
        v <<= zeros;
        *eta -= zeros as i32;
        left -= zeros;
        if left == 0 {
            return Matrix { u: u as i32, v: v as i32, q: q as i32, r: r as i32 };
        }
        if *eta < 0 {
            *eta = -*eta;
            (f, g) = (g, f.wrapping_neg());
            (u, q) = (q, u.wrapping_neg());
            (v, r) = (r, v.wrapping_neg());
        }
        // As many multiples of f as make the next bits of g zero: 6 at most, for so many the formula is good.
        let cancelled = ((*eta + 1) as u32).min(left).min(6);
        let w = f.wrapping_mul(g).wrapping_mul(f.wrapping_mul(f).wrapping_sub(2)) & ((1 << cancelled) - 1);
        g = g.wrapping_add(f.wrapping_mul(w));
        q = q.wrapping_add(u.wrapping_mul(w));
        r = r.wrapping_add(v.wrapping_mul(w));
    }
}

impl Matrix {
    /// Applies it and divides by 2^30, without a remainder.
    fn apply(&self, f: &mut Number, g: &mut Number) {
        let (mut in_f, mut in_g) = self.times(f[0], g[0]);
        for_higher_limbs!(i, {
            let (more_f, more_g) = self.times(f[i], g[i]);
            (in_f, in_g) = ((in_f >> BITS) + more_f, (in_g >> BITS) + more_g);
            (f[i - 1], g[i - 1]) = ((in_f & MASK) as i32, (in_g & MASK) as i32);
        });
        (f[LIMBS - 1], g[LIMBS - 1]) = ((in_f >> BITS) as i32, (in_g >> BITS) as i32);
    }

    /// The same modulo p: multiples of p make the lowest limbs zero, and keep both between -2p and p.
    fn apply_modulo_p<M: Modulus>(&self, d: &mut Number, e: &mut Number) {
        let (negative_d, negative_e) = (d[LIMBS - 1] >> 31, e[LIMBS - 1] >> 31);
        let (mut in_d, mut in_e) = self.times(d[0], e[0]);
        let multiples = |row: i64, start: i32| {
            let surplus = M::P_INVERSE.wrapping_mul(row as u32).wrapping_add(start as u32) & MASK as u32;
            i64::from(start) - i64::from(surplus)
        };
        let of_d = multiples(in_d, (self.u & negative_d) + (self.v & negative_e));
        let of_e = multiples(in_e, (self.q & negative_d) + (self.r & negative_e));
        in_d += i64::from(M::P[0]) * of_d;
        in_e += i64::from(M::P[0]) * of_e;
        for_higher_limbs!(i, {
            let (more_d, more_e) = self.times(d[i], e[i]);
            (in_d, in_e) = ((in_d >> BITS) + more_d, (in_e >> BITS) + more_e);
            in_d += i64::from(M::P[i]) * of_d;
            in_e += i64::from(M::P[i]) * of_e;
            (d[i - 1], e[i - 1]) = ((in_d & MASK) as i32, (in_e & MASK) as i32);
        });
        (d[LIMBS - 1], e[LIMBS - 1]) = ((in_d >> BITS) as i32, (in_e >> BITS) as i32);
    }

    #[inline(always)]
    fn times(&self, a: i32, b: i32) -> (i64, i64) {
        let (a, b) = (i64::from(a), i64::from(b));
        (i64::from(self.u) * a + i64::from(self.v) * b, i64::from(self.q) * a + i64::from(self.r) * b)
    }
}

fn limbs(bytes: &[u8; 32]) -> Number {
    std::array::from_fn(|i| {
        let at = i * BITS as usize;
        let window = (0..5).fold(0_u64, |sum, n| {
            sum | u64::from(bytes.get(at / 8 + n).copied().unwrap_or_default()) << (8 * n)
        });
        ((window >> (at % 8)) as i64 & MASK) as i32
    })
}

/// A number between -2p and p, or its negative, as one between 0 and p.
fn to_bytes<M: Modulus>(number: &Number, negate: bool) -> [u8; 32] {
    let mut number = *number;
    add_p_if_negative::<M>(&mut number);
    if negate {
        number = number.map(|limb| -limb);
        carry(&mut number);
    }
    add_p_if_negative::<M>(&mut number);
    std::array::from_fn(|byte| {
        let (at, shift) = (byte * 8 / BITS as usize, byte * 8 % BITS as usize);
        let limb = |i: usize| number.get(i).map_or(0, |limb| *limb as u64);
        ((limb(at) | limb(at + 1) << BITS) >> shift) as u8
    })
}

fn add_p_if_negative<M: Modulus>(number: &mut Number) {
    if number[LIMBS - 1] < 0 {
        for (limb, of_p) in number.iter_mut().zip(M::P) {
            *limb += of_p;
        }
        carry(number);
    }
}

/// Makes all limbs but the last be between 0 and 2^30.
fn carry(number: &mut Number) {
    for i in 1..LIMBS {
        number[i] += number[i - 1] >> BITS;
        number[i - 1] &= MASK as i32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// p is 2^255 - 19.
    struct Ed25519;

    impl Modulus for Ed25519 {
        const P: Number = [-19, 0, 0, 0, 0, 0, 0, 0, 1 << 15];
    }

    /// So many times p, and a little.
    fn number(times: i32, more: i32) -> Number {
        let mut number = Ed25519::P.map(|limb| times * limb);
        number[0] += more;
        carry(&mut number);
        number
    }

    /// Whether it is above -2p and below p.
    fn is_within(number: &Number) -> bool {
        let plus = |times: i32| {
            let mut sum = *number;
            sum.iter_mut().zip(Ed25519::P).for_each(|(limb, of_p)| *limb += times * of_p);
            carry(&mut sum);
            sum
        };
        plus(2)[LIMBS - 1] >= 0 && plus(2) != [0; LIMBS] && plus(-1)[LIMBS - 1] < 0
    }

    /// A sum that leaves its bounds is worth nothing in the end, which no answer shows: then inverses are found slowly.
    #[test]
    fn sums_stay_within_their_bounds() {
        let ends = [number(-2, 1), number(-1, 0), number(0, -1), number(0, 0), number(0, 1), number(1, -1)];
        assert!(ends.iter().all(is_within) && !is_within(&number(-2, 0)) && !is_within(&number(1, 0)));
        let lowest = [0, 1, 2, 3, 5, 1 << 29, 0x1234_5677, 0x9abc_def1, u32::MAX - 1, u32::MAX];
        for (f, g) in lowest.iter().filter(|f| *f % 2 == 1).flat_map(|f| lowest.map(|g| (*f, g))) {
            for start in [-40, -20, -1, 0, 1, 20, 40] {
                let matrix = steps(&mut { start }, f, g);
                for (first, second) in ends.iter().flat_map(|d| ends.map(|e| (*d, e))) {
                    let (mut d, mut e) = (first, second);
                    matrix.apply_modulo_p::<Ed25519>(&mut d, &mut e);
                    assert!(is_within(&d) && is_within(&e), "{f} {g} {start}: {first:?} {second:?}");
                }
            }
        }
    }
}
