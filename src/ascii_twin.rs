//! Characters outside ASCII that readers take for ASCII letters and digits: what is left of each after compatibility
//! normalization (NFKC, and NFKD, which takes accents off) and case folding, as far as it is ASCII. A test holds every character
//! against a Unicode library.

/// The ASCII letters and digits, in lower case, that `c` stands for; empty for most.
pub(crate) fn ascii_twin(c: char) -> impl Iterator<Item = u8> {
    let code = u32::from(c);
    let after = RUNS.partition_point(|(first, ..)| *first <= code);
    let run = after.checked_sub(1).and_then(|at| RUNS.get(at));
    let single = run.and_then(|(first, count, ascii)| {
        let place = u8::try_from(code.saturating_sub(*first)).ok().filter(|place| place < count)?;
        ascii.checked_add(place)
    });
    let several = SEVERAL.binary_search_by_key(&code, |(code, _)| *code).ok().and_then(|at| SEVERAL.get(at));
    single.into_iter().chain(several.map_or("", |(_, text)| text).bytes())
}

/// The ASCII letters, in lower case, that are left of `c` without its accents, where that is not [`ascii_twin`]; empty for most.
pub(crate) fn ascii_base(c: char) -> &'static str {
    let code = u32::from(c);
    if matches!(c, 'Ǆ' | 'ǅ' | 'ǆ') {
        return "dz";
    }
    let after = ACCENTED.partition_point(|(first, ..)| *first <= code);
    let run = after.checked_sub(1).and_then(|at| ACCENTED.get(at));
    run.filter(|(first, count, _)| code.saturating_sub(*first) < u32::from(*count))
        .map_or("", |(.., letter)| letter)
}

/// `text` as readers take it that fold characters: each is its twin, if it has one.
pub(crate) fn in_ascii(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        let before = folded.len();
        if !c.is_ascii() {
            folded.extend(ascii_twin(c).map(char::from));
        }
        if folded.len() == before {
            folded.push(c);
        }
    }
    folded
}

/// The first of so many characters in a row, and what it stands for; the next ones stand for the next letters.
#[rustfmt::skip]
static RUNS: &[(u32, u8, u8)] = &[
    (0xaa, 1, b'a'), (0xb2, 2, b'2'), (0xb9, 1, b'1'), (0xba, 1, b'o'), (0x130, 1, b'i'), (0x131, 1, b'i'),
    (0x13f, 1, b'l'), (0x140, 1, b'l'), (0x149, 1, b'n'), (0x17f, 1, b's'), (0x1c4, 1, b'd'), (0x1c5, 1, b'd'),
    (0x1c6, 1, b'd'), (0x1f0, 1, b'j'), (0x2b0, 1, b'h'), (0x2b2, 1, b'j'), (0x2b3, 1, b'r'), (0x2b7, 1, b'w'),
    (0x2b8, 1, b'y'), (0x2e1, 1, b'l'), (0x2e2, 1, b's'), (0x2e3, 1, b'x'), (0x1d2c, 1, b'a'), (0x1d2e, 1, b'b'),
    (0x1d30, 2, b'd'), (0x1d33, 8, b'g'), (0x1d3c, 1, b'o'), (0x1d3e, 1, b'p'), (0x1d3f, 1, b'r'),
    (0x1d40, 2, b't'), (0x1d42, 1, b'w'), (0x1d43, 1, b'a'), (0x1d47, 1, b'b'), (0x1d48, 2, b'd'),
    (0x1d4d, 1, b'g'), (0x1d4f, 1, b'k'), (0x1d50, 1, b'm'), (0x1d52, 1, b'o'), (0x1d56, 1, b'p'),
    (0x1d57, 2, b't'), (0x1d5b, 1, b'v'), (0x1d62, 1, b'i'), (0x1d63, 1, b'r'), (0x1d64, 2, b'u'),
    (0x1d9c, 1, b'c'), (0x1da0, 1, b'f'), (0x1dbb, 1, b'z'), (0x1e96, 1, b'h'), (0x1e97, 1, b't'),
    (0x1e98, 1, b'w'), (0x1e99, 1, b'y'), (0x1e9a, 1, b'a'), (0x2070, 1, b'0'), (0x2071, 1, b'i'),
    (0x2074, 6, b'4'), (0x207f, 1, b'n'), (0x2080, 10, b'0'), (0x2090, 1, b'a'), (0x2091, 1, b'e'),
    (0x2092, 1, b'o'), (0x2093, 1, b'x'), (0x2095, 1, b'h'), (0x2096, 4, b'k'), (0x209a, 1, b'p'),
    (0x209b, 2, b's'), (0x209d, 1, b'w'), (0x209e, 2, b'y'), (0x2102, 1, b'c'), (0x2103, 1, b'c'),
    (0x2109, 3, b'f'), (0x210c, 1, b'h'), (0x210d, 1, b'h'), (0x210e, 1, b'h'), (0x2110, 1, b'i'),
    (0x2111, 1, b'i'), (0x2112, 1, b'l'), (0x2113, 1, b'l'), (0x2115, 1, b'n'), (0x2119, 3, b'p'),
    (0x211c, 1, b'r'), (0x211d, 1, b'r'), (0x2124, 1, b'z'), (0x2128, 1, b'z'), (0x212a, 1, b'k'),
    (0x212c, 2, b'b'), (0x212f, 1, b'e'), (0x2130, 2, b'e'), (0x2133, 1, b'm'), (0x2134, 1, b'o'),
    (0x2139, 1, b'i'), (0x2145, 1, b'd'), (0x2146, 2, b'd'), (0x2148, 2, b'i'), (0x215f, 1, b'1'),
    (0x2160, 1, b'i'), (0x2164, 1, b'v'), (0x2169, 1, b'x'), (0x216c, 1, b'l'), (0x216d, 2, b'c'),
    (0x216f, 1, b'm'), (0x2170, 1, b'i'), (0x2174, 1, b'v'), (0x2179, 1, b'x'), (0x217c, 1, b'l'),
    (0x217d, 2, b'c'), (0x217f, 1, b'm'), (0x2460, 9, b'1'), (0x2474, 9, b'1'), (0x2488, 9, b'1'),
    (0x249c, 26, b'a'), (0x24b6, 26, b'a'), (0x24d0, 26, b'a'), (0x24ea, 1, b'0'), (0x2c7c, 1, b'j'),
    (0x2c7d, 1, b'v'), (0x32c0, 9, b'1'), (0x3358, 10, b'0'), (0x3382, 1, b'a'), (0x338c, 2, b'f'),
    (0x3395, 1, b'l'), (0x339b, 1, b'm'), (0x33b2, 1, b's'), (0x33b6, 1, b'v'), (0x33bc, 1, b'w'),
    (0x33c0, 1, b'k'), (0x33c1, 1, b'm'), (0x33e0, 9, b'1'), (0xa7f1, 1, b's'), (0xa7f2, 1, b'c'),
    (0xa7f3, 1, b'f'), (0xa7f4, 1, b'q'), (0xff10, 10, b'0'), (0xff21, 26, b'a'), (0xff41, 26, b'a'),
    (0x107a5, 1, b'q'), (0x1ccd6, 26, b'a'), (0x1ccf0, 10, b'0'), (0x1d400, 26, b'a'), (0x1d41a, 26, b'a'),
    (0x1d434, 26, b'a'), (0x1d44e, 7, b'a'), (0x1d456, 18, b'i'), (0x1d468, 26, b'a'), (0x1d482, 26, b'a'),
    (0x1d49c, 1, b'a'), (0x1d49e, 2, b'c'), (0x1d4a2, 1, b'g'), (0x1d4a5, 2, b'j'), (0x1d4a9, 4, b'n'),
    (0x1d4ae, 8, b's'), (0x1d4b6, 4, b'a'), (0x1d4bb, 1, b'f'), (0x1d4bd, 7, b'h'), (0x1d4c5, 11, b'p'),
    (0x1d4d0, 26, b'a'), (0x1d4ea, 26, b'a'), (0x1d504, 2, b'a'), (0x1d507, 4, b'd'), (0x1d50d, 8, b'j'),
    (0x1d516, 7, b's'), (0x1d51e, 26, b'a'), (0x1d538, 2, b'a'), (0x1d53b, 4, b'd'), (0x1d540, 5, b'i'),
    (0x1d546, 1, b'o'), (0x1d54a, 7, b's'), (0x1d552, 26, b'a'), (0x1d56c, 26, b'a'), (0x1d586, 26, b'a'),
    (0x1d5a0, 26, b'a'), (0x1d5ba, 26, b'a'), (0x1d5d4, 26, b'a'), (0x1d5ee, 26, b'a'), (0x1d608, 26, b'a'),
    (0x1d622, 26, b'a'), (0x1d63c, 26, b'a'), (0x1d656, 26, b'a'), (0x1d670, 26, b'a'), (0x1d68a, 26, b'a'),
    (0x1d6a4, 1, b'i'), (0x1d7ce, 10, b'0'), (0x1d7d8, 10, b'0'), (0x1d7e2, 10, b'0'), (0x1d7ec, 10, b'0'),
    (0x1d7f6, 10, b'0'), (0x1f100, 1, b'0'), (0x1f101, 10, b'0'), (0x1f110, 26, b'a'), (0x1f12a, 1, b's'),
    (0x1f12b, 1, b'c'), (0x1f12c, 1, b'r'), (0x1f130, 26, b'a'), (0x1fbf0, 10, b'0'),
];

/// The first of so many characters in a row, and the letter that all of them are with accents.
#[rustfmt::skip]
static ACCENTED: &[(u32, u8, &str)] = &[
    (0xc0, 6, "a"), (0xc7, 1, "c"), (0xc8, 4, "e"), (0xcc, 4, "i"), (0xd1, 1, "n"), (0xd2, 5, "o"),
    (0xd9, 4, "u"), (0xdd, 1, "y"), (0xe0, 6, "a"), (0xe7, 1, "c"), (0xe8, 4, "e"), (0xec, 4, "i"),
    (0xf1, 1, "n"), (0xf2, 5, "o"), (0xf9, 4, "u"), (0xfd, 1, "y"), (0xff, 1, "y"), (0x100, 6, "a"),
    (0x106, 8, "c"), (0x10e, 2, "d"), (0x112, 10, "e"), (0x11c, 8, "g"), (0x124, 2, "h"),
    (0x128, 8, "i"), (0x134, 2, "j"), (0x136, 2, "k"), (0x139, 6, "l"), (0x143, 6, "n"),
    (0x14c, 6, "o"), (0x154, 6, "r"), (0x15a, 8, "s"), (0x162, 4, "t"), (0x168, 12, "u"),
    (0x174, 2, "w"), (0x176, 3, "y"), (0x179, 6, "z"), (0x1a0, 2, "o"), (0x1af, 2, "u"),
    (0x1cd, 2, "a"), (0x1cf, 2, "i"), (0x1d1, 2, "o"), (0x1d3, 10, "u"), (0x1de, 4, "a"),
    (0x1e6, 2, "g"), (0x1e8, 2, "k"), (0x1ea, 4, "o"), (0x1f4, 2, "g"), (0x1f8, 2, "n"),
    (0x1fa, 2, "a"), (0x200, 4, "a"), (0x204, 4, "e"), (0x208, 4, "i"), (0x20c, 4, "o"),
    (0x210, 4, "r"), (0x214, 4, "u"), (0x218, 2, "s"), (0x21a, 2, "t"), (0x21e, 2, "h"),
    (0x226, 2, "a"), (0x228, 2, "e"), (0x22a, 8, "o"), (0x232, 2, "y"), (0x1e00, 2, "a"),
    (0x1e02, 6, "b"), (0x1e08, 2, "c"), (0x1e0a, 10, "d"), (0x1e14, 10, "e"), (0x1e1e, 2, "f"),
    (0x1e20, 2, "g"), (0x1e22, 10, "h"), (0x1e2c, 4, "i"), (0x1e30, 6, "k"), (0x1e36, 8, "l"),
    (0x1e3e, 6, "m"), (0x1e44, 8, "n"), (0x1e4c, 8, "o"), (0x1e54, 4, "p"), (0x1e58, 8, "r"),
    (0x1e60, 10, "s"), (0x1e6a, 8, "t"), (0x1e72, 10, "u"), (0x1e7c, 4, "v"), (0x1e80, 10, "w"),
    (0x1e8a, 4, "x"), (0x1e8e, 2, "y"), (0x1e90, 6, "z"), (0x1e9b, 1, "s"), (0x1ea0, 24, "a"),
    (0x1eb8, 16, "e"), (0x1ec8, 4, "i"), (0x1ecc, 24, "o"), (0x1ee4, 14, "u"), (0x1ef2, 8, "y"),
    (0x212b, 1, "a"),
];

/// Characters that stand for several.
#[rustfmt::skip]
static SEVERAL: &[(u32, &str)] = &[
    (0xbc, "14"), (0xbd, "12"), (0xbe, "34"), (0xdf, "ss"), (0x132, "ij"), (0x133, "ij"), (0x1c7, "lj"),
    (0x1c8, "lj"), (0x1c9, "lj"), (0x1ca, "nj"), (0x1cb, "nj"), (0x1cc, "nj"), (0x1f1, "dz"), (0x1f2, "dz"),
    (0x1f3, "dz"), (0x20a8, "rs"), (0x2100, "ac"), (0x2101, "as"), (0x2105, "co"), (0x2106, "cu"), (0x2116, "no"),
    (0x2120, "sm"), (0x2121, "tel"), (0x2122, "tm"), (0x213b, "fax"), (0x2150, "17"), (0x2151, "19"),
    (0x2152, "110"), (0x2153, "13"), (0x2154, "23"), (0x2155, "15"), (0x2156, "25"), (0x2157, "35"),
    (0x2158, "45"), (0x2159, "16"), (0x215a, "56"), (0x215b, "18"), (0x215c, "38"), (0x215d, "58"), (0x215e, "78"),
    (0x2161, "ii"), (0x2162, "iii"), (0x2163, "iv"), (0x2165, "vi"), (0x2166, "vii"), (0x2167, "viii"),
    (0x2168, "ix"), (0x216a, "xi"), (0x216b, "xii"), (0x2171, "ii"), (0x2172, "iii"), (0x2173, "iv"),
    (0x2175, "vi"), (0x2176, "vii"), (0x2177, "viii"), (0x2178, "ix"), (0x217a, "xi"), (0x217b, "xii"),
    (0x2189, "03"), (0x2469, "10"), (0x246a, "11"), (0x246b, "12"), (0x246c, "13"), (0x246d, "14"), (0x246e, "15"),
    (0x246f, "16"), (0x2470, "17"), (0x2471, "18"), (0x2472, "19"), (0x2473, "20"), (0x247d, "10"), (0x247e, "11"),
    (0x247f, "12"), (0x2480, "13"), (0x2481, "14"), (0x2482, "15"), (0x2483, "16"), (0x2484, "17"), (0x2485, "18"),
    (0x2486, "19"), (0x2487, "20"), (0x2491, "10"), (0x2492, "11"), (0x2493, "12"), (0x2494, "13"), (0x2495, "14"),
    (0x2496, "15"), (0x2497, "16"), (0x2498, "17"), (0x2499, "18"), (0x249a, "19"), (0x249b, "20"),
    (0x3250, "pte"), (0x3251, "21"), (0x3252, "22"), (0x3253, "23"), (0x3254, "24"), (0x3255, "25"),
    (0x3256, "26"), (0x3257, "27"), (0x3258, "28"), (0x3259, "29"), (0x325a, "30"), (0x325b, "31"), (0x325c, "32"),
    (0x325d, "33"), (0x325e, "34"), (0x325f, "35"), (0x32b1, "36"), (0x32b2, "37"), (0x32b3, "38"), (0x32b4, "39"),
    (0x32b5, "40"), (0x32b6, "41"), (0x32b7, "42"), (0x32b8, "43"), (0x32b9, "44"), (0x32ba, "45"), (0x32bb, "46"),
    (0x32bc, "47"), (0x32bd, "48"), (0x32be, "49"), (0x32bf, "50"), (0x32c9, "10"), (0x32ca, "11"), (0x32cb, "12"),
    (0x32cc, "hg"), (0x32cd, "erg"), (0x32ce, "ev"), (0x32cf, "ltd"), (0x3362, "10"), (0x3363, "11"),
    (0x3364, "12"), (0x3365, "13"), (0x3366, "14"), (0x3367, "15"), (0x3368, "16"), (0x3369, "17"), (0x336a, "18"),
    (0x336b, "19"), (0x336c, "20"), (0x336d, "21"), (0x336e, "22"), (0x336f, "23"), (0x3370, "24"),
    (0x3371, "hpa"), (0x3372, "da"), (0x3373, "au"), (0x3374, "bar"), (0x3375, "ov"), (0x3376, "pc"),
    (0x3377, "dm"), (0x3378, "dm2"), (0x3379, "dm3"), (0x337a, "iu"), (0x3380, "pa"), (0x3381, "na"),
    (0x3383, "ma"), (0x3384, "ka"), (0x3385, "kb"), (0x3386, "mb"), (0x3387, "gb"), (0x3388, "cal"),
    (0x3389, "kcal"), (0x338a, "pf"), (0x338b, "nf"), (0x338e, "mg"), (0x338f, "kg"), (0x3390, "hz"),
    (0x3391, "khz"), (0x3392, "mhz"), (0x3393, "ghz"), (0x3394, "thz"), (0x3396, "ml"), (0x3397, "dl"),
    (0x3398, "kl"), (0x3399, "fm"), (0x339a, "nm"), (0x339c, "mm"), (0x339d, "cm"), (0x339e, "km"),
    (0x339f, "mm2"), (0x33a0, "cm2"), (0x33a1, "m2"), (0x33a2, "km2"), (0x33a3, "mm3"), (0x33a4, "cm3"),
    (0x33a5, "m3"), (0x33a6, "km3"), (0x33a7, "ms"), (0x33a8, "ms2"), (0x33a9, "pa"), (0x33aa, "kpa"),
    (0x33ab, "mpa"), (0x33ac, "gpa"), (0x33ad, "rad"), (0x33ae, "rads"), (0x33af, "rads2"), (0x33b0, "ps"),
    (0x33b1, "ns"), (0x33b3, "ms"), (0x33b4, "pv"), (0x33b5, "nv"), (0x33b7, "mv"), (0x33b8, "kv"), (0x33b9, "mv"),
    (0x33ba, "pw"), (0x33bb, "nw"), (0x33bd, "mw"), (0x33be, "kw"), (0x33bf, "mw"), (0x33c2, "am"), (0x33c3, "bq"),
    (0x33c4, "cc"), (0x33c5, "cd"), (0x33c6, "ckg"), (0x33c7, "co"), (0x33c8, "db"), (0x33c9, "gy"),
    (0x33ca, "ha"), (0x33cb, "hp"), (0x33cc, "in"), (0x33cd, "kk"), (0x33ce, "km"), (0x33cf, "kt"), (0x33d0, "lm"),
    (0x33d1, "ln"), (0x33d2, "log"), (0x33d3, "lx"), (0x33d4, "mb"), (0x33d5, "mil"), (0x33d6, "mol"),
    (0x33d7, "ph"), (0x33d8, "pm"), (0x33d9, "ppm"), (0x33da, "pr"), (0x33db, "sr"), (0x33dc, "sv"),
    (0x33dd, "wb"), (0x33de, "vm"), (0x33df, "am"), (0x33e9, "10"), (0x33ea, "11"), (0x33eb, "12"), (0x33ec, "13"),
    (0x33ed, "14"), (0x33ee, "15"), (0x33ef, "16"), (0x33f0, "17"), (0x33f1, "18"), (0x33f2, "19"), (0x33f3, "20"),
    (0x33f4, "21"), (0x33f5, "22"), (0x33f6, "23"), (0x33f7, "24"), (0x33f8, "25"), (0x33f9, "26"), (0x33fa, "27"),
    (0x33fb, "28"), (0x33fc, "29"), (0x33fd, "30"), (0x33fe, "31"), (0x33ff, "gal"), (0xfb00, "ff"),
    (0xfb01, "fi"), (0xfb02, "fl"), (0xfb03, "ffi"), (0xfb04, "ffl"), (0xfb05, "st"), (0xfb06, "st"),
    (0x1d6a6, "ss"), (0x1df95, "ss"), (0x1f12d, "cd"), (0x1f12e, "wz"), (0x1f14a, "hv"), (0x1f14b, "mv"),
    (0x1f14c, "sd"), (0x1f14d, "ss"), (0x1f14e, "ppv"), (0x1f14f, "wc"), (0x1f16a, "mc"), (0x1f16b, "md"),
    (0x1f16c, "mr"), (0x1f190, "dj"),
];
