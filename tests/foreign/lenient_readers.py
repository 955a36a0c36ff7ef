"""Names that lenient JSON readers take for another name: thousands of variants, and who would be taken in.

Standard input:  {"seed": N, "variants": how many for each wanted name,
                  "wanted": [{"pointer": P, "body": TEXT with %NAME% where the variant goes}]}
Standard output: {"readers": [names],
                  "variants": [{"wanted": number of the order, "name": variant, "body": TEXT, "readers": [takers]}]}

A variant is never the wanted name itself. One that nobody takes is there too: its list is empty.
"""

import json
import random
import sys
import unicodedata


def simple(map_, char):
    """The one-to-one case mapping that Java's `Character` and C's `towupper` have; others leave the character."""
    if map_ is str.lower and char == "\u0130":
        return "i"
    mapped = map_(char)
    return mapped if len(mapped) == 1 else char


def per_char(map_):
    return lambda name: "".join(simple(map_, char) for char in name)


def is_separator(char):
    """Neither a letter nor a digit, whatever one counts as a digit. A mark is none."""
    return unicodedata.category(char)[0] not in "LN"


def is_enclosed(char):
    """Letters in circles and squares: symbols by category, alphabetic by property. Readers differ about them."""
    return 0x24B6 <= ord(char) <= 0x24E9 or 0x1F130 <= ord(char) <= 0x1F189


def drop(condition):
    return lambda name: "".join(char for char in name if not condition(char))


def dotted(name):
    return name.replace("\u0130", "i").replace("\u0131", "i")


def turkish_lower(name):
    return name.replace("\u0130", "i").replace("I", "\u0131").lower()


def turkish_upper(name):
    return name.replace("i", "\u0130").replace("\u0131", "I").upper()


def ascii_lower(name):
    return name.encode().lower().decode()


def normal_form(form):
    return lambda name: unicodedata.normalize(form, name)


def without_accents(name):
    """As collations do that are not sensitive to accents, and whoever makes names ASCII."""
    return "".join(char for char in unicodedata.normalize("NFKD", name) if unicodedata.category(char) != "Mn")


# What a reader does to a name before it compares.
STEPS = {
    "C string": lambda name: name.split("\0", 1)[0],
    "ASCII case": ascii_lower,
    "full case folding": str.casefold,
    "lower case": str.lower,
    "upper case": str.upper,
    "upper, then lower, by character": lambda name: per_char(str.lower)(per_char(str.upper)(name)),
    "Turkish lower case": turkish_lower,
    "Turkish upper case": turkish_upper,
    "without underscores": drop(lambda char: char == "_"),
    "without leading underscores": lambda name: name.lstrip("_"),
    "without underscores and hyphens": drop(lambda char: char in "_-"),
    "without spaces around": str.strip,
    "without separators": drop(is_separator),
    "one kind of i": dotted,
    "NFKC": normal_form("NFKC"),
    "NFKD": normal_form("NFKD"),
    "without accents": without_accents,
}

# Readers that do several of these, in this order. It matters: a trade mark sign is no letter, its NFKC is two.
EVERYTHING = ("one kind of i", "NFKC", "without separators", "full case folding")
COMBINED = [
    ("C string", "ASCII case"),
    ("C string", "without underscores and hyphens", "ASCII case"),
    ("without underscores and hyphens", "ASCII case"),
    ("without underscores and hyphens", "upper, then lower, by character"),
    ("without leading underscores", "ASCII case"),
    ("without spaces around", "full case folding"),
    ("without separators", "Turkish lower case"),
    ("NFKC", "full case folding"),
    ("NFKC", "Turkish lower case"),
    ("NFKD", "full case folding"),
    ("full case folding", "NFKC"),
    ("without accents", "full case folding"),
    ("full case folding", "without accents"),
    ("without accents", "without underscores and hyphens", "ASCII case"),
    ("NFKC", "without separators", "upper, then lower, by character"),
    EVERYTHING,
    ("C string", *EVERYTHING),
    ("without separators", *EVERYTHING),
    ("C string", "without separators", *EVERYTHING),
]


READERS = [(name,) for name in STEPS] + COMBINED
NAMES = [", ".join(reader) for reader in READERS]


def read(name, reader, steps):
    for step in reader:
        name = steps[step](name)
    return name


def takers(variant, wanted, steps):
    """Who takes the variant. The wanted name goes the same way: Turkish lower case changes it too."""
    return [
        name
        for name, reader in zip(NAMES, READERS)
        if read(variant, reader, steps) == read(wanted, reader, steps)
    ]


OTHER_STEPS = STEPS | {"without separators": drop(lambda char: is_separator(char) and not is_enclosed(char))}


def is_doubtful(variant, wanted, taken_by):
    return any(map(is_enclosed, variant)) and bool(taken_by) != bool(takers(variant, wanted, OTHER_STEPS))


class Pools:
    """Characters by what they turn into when folded, from the whole of Unicode."""

    def __init__(self):
        self.twins = {}
        # By category: private use alone has 137,000.
        self.separators = {}
        every = [chr(n) for n in range(0x110000) if not 0xD800 <= n < 0xE000]
        for char in every:
            if unicodedata.category(char) == "Cn":
                continue
            if is_separator(char):
                self.separators.setdefault(unicodedata.category(char), []).append(char)
            for form in {
                unicodedata.normalize("NFKC", char).casefold(),
                unicodedata.normalize("NFKD", char).casefold(),
                without_accents(char).casefold(),
                per_char(str.lower)(per_char(str.upper)(char)),
                "".join(c for c in unicodedata.normalize("NFKC", char) if not is_separator(c)).casefold(),
            }:
                if form and form.isascii() and form != char:
                    self.twins.setdefault(form, []).append(char)
        for dotless in ("\u0130", "\u0131"):
            if dotless not in self.twins["i"]:
                self.twins["i"].append(dotless)


USUAL = "__--..  /:\t\0$@[]()'"
BEHIND = ["x", "Id", "\0", "eecId", "\u00e9", "1", "_", "\U0001f600"]
LOOK_ALIKES = {"e": "\u0435", "c": "\u0441", "I": "l", "d": "b", "a": "\u0430", "u": "\u03c5", "s": "5", "o": "0"}


def twin(chance, pools, name):
    """One to three characters in a row of `name` as another one that folds to them."""
    width = chance.choice([1, 1, 1, 1, 2, 3])
    start = chance.randrange(len(name))
    part = name[start : start + width]
    others = pools.twins.get(part.casefold(), [])
    case = [part.upper(), part.lower()]
    return name[:start] + chance.choice(others + case if chance.random() < 0.8 else case) + name[start + width :]


def separated(chance, pools, name):
    at = chance.randrange(len(name) + 1)
    pool = USUAL if chance.random() < 0.6 else chance.choice(list(pools.separators.values()))
    return name[:at] + chance.choice(pool) * chance.choice([1, 1, 2]) + name[at:]


def cut(chance, _, name):
    return name + "\0" + chance.choice(BEHIND)


def cased(chance, _, name):
    return "".join(chance.choice([char, char.swapcase()]) for char in name)


def other_i(chance, _, name):
    return "".join(chance.choice("\u0130\u0131") if char in "iI" else char for char in name)


def snake(chance, _, name):
    separator = chance.choice("_-. ")
    return "".join(separator + char.lower() if char.isupper() else char for char in name)


def wide(chance, pools, name):
    """Every character replaced where it can be."""
    return "".join(chance.choice(pools.twins.get(char.casefold(), []) + [char]) for char in name)


def mangled(chance, pools, name):
    """Something that only looks alike: mostly nobody takes it."""
    at = chance.randrange(len(name))
    return name[:at] + LOOK_ALIKES.get(name[at], "x") + name[at + 1 :]


CHANGES = [twin, twin, twin, separated, separated, separated, cut, cased, other_i, snake, wide, mangled]


def variants(chance, pools, wanted, count):
    """`count` different variants of `wanted`, from a fixed order of chances."""
    found = {}
    while len(found) < count:
        name = wanted
        for _ in range(chance.choice([1, 1, 1, 2, 2, 3])):
            name = chance.choice(CHANGES)(chance, pools, name)
        if name != wanted:
            taken_by = takers(name, wanted, STEPS)
            if not is_doubtful(name, wanted, taken_by):
                found.setdefault(name, taken_by)
    return found


def escaped(name):
    """A JSON string with an escape for every UTF-16 unit."""
    units = name.encode("utf-16-be").hex()
    return '"' + "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)) + '"'


def main():
    orders = json.load(sys.stdin)
    chance = random.Random(orders["seed"])
    pools = Pools()
    result = []
    for number, order in enumerate(orders["wanted"]):
        wanted = order["pointer"].rsplit("/", 1)[1]
        for name, taken_by in variants(chance, pools, wanted, orders["variants"]).items():
            text = escaped(name) if chance.random() < 0.2 else json.dumps(name, ensure_ascii=chance.random() < 0.5)
            body = order["body"].replace("%NAME%", text)
            result.append({"wanted": number, "name": name, "body": body, "readers": taken_by})
    json.dump({"readers": NAMES, "variants": result}, sys.stdout)


if __name__ == "__main__":
    main()
