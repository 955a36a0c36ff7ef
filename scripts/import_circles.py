#!/usr/bin/env python3
"""Fails if files import one another in a circle; needs Python 3 alone.

    import_circles.py DIR    looks at the Rust sources there, tests aside

A file imports another if it names something that the other defines, in a `use` or in a path; what a file only passes on
(`pub use`) is not its own, and `mod x;` is no import. This reads names, and no types: who calls a method is not seen.
"""

import pathlib
import re
import sys

# Comments, and whatever may have braces or names in it that mean nothing.
NOISE = re.compile(r"""//[^\n]*|/\*.*?\*/|b?r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?'(?:\\[^']*|[^'\\])'""", re.S)
TESTS = re.compile(r"#\[cfg\(test\)\]\s*(?:#\[[^\n]*\]\s*)*(?:pub(?:\([^)]*\))?\s+)?mod\s+\w+\s*\{")
USE = re.compile(r"(?:pub(?:\([^)]*\))?\s+)?\buse\s+([^;]+);")
DEFINED = re.compile(r"\b(?:fn|struct|enum|trait|const|static|type|union|macro_rules!)\s+(?:mut\s+)?(\w+)")
PATH = re.compile(r"(?<![\w:])\w+(?:::\w+)+")


def without_tests(text):
    while found := TESTS.search(text):
        depth, end = 1, found.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        text = text[: found.start()] + text[end:]
    return text


def leaves(tree, before=()):
    """The paths in a tree of `use`, each with the name by which it is known here."""
    start, brace, inner = tree.partition("{")
    if not brace:
        path, _, alias = tree.partition(" as ")
        parts = before + tuple(part.strip() for part in path.split("::"))
        parts = parts[:-1] if parts[-1] in ("self", "*") else parts
        yield parts, alias.strip() or parts[-1]
        return
    before += tuple(part.strip() for part in start.split("::") if part.strip())
    depth, branch = 0, ""
    for letter in inner[: inner.rindex("}")] + ",":
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            if branch.strip():
                yield from leaves(branch.strip(), before)
            branch = ""
        else:
            branch += letter


class File:
    def __init__(self, path):
        text = without_tests(NOISE.sub('""', path.read_text()))
        self.known = {name: parts for tree in USE.findall(text) for parts, name in leaves(tree)}
        text = USE.sub("", text)
        self.defined = set(DEFINED.findall(text))
        self.paths = {tuple(found.split("::")) for found in PATH.findall(text)}
        text = re.sub(r"\bmod\s+\w+\s*;", "", text)
        self.paths |= {parts for name, parts in self.known.items() if re.search(rf"\b{name}\b", text)}


def modules(root):
    """The files by the names of their modules; those of `main.rs` are of the same crate here."""
    for path in sorted(root.rglob("*.rs")):
        parts = path.relative_to(root).with_suffix("").parts
        if "tests" not in parts and parts != ("main",):
            yield () if parts == ("lib",) else parts[:-1] if parts[-1] == "mod" else parts, File(path)


def definer(files, module, path):
    """The module that defines what `path` means in `module`; nothing if that is no file here."""
    # A name that is passed on to itself leads nowhere.
    for _ in range(100):
        if not path:
            return None
        first, rest = path[0], path[1:]
        if first in ("crate", "eec_authn"):
            module, path = (), rest
        elif first == "super":
            module, path = module[:-1], rest
        elif first == "self":
            path = rest
        elif (*module, first) in files:
            module, path = (*module, first), rest
        elif module not in files or first in files[module].defined:
            return module if module in files else None
        elif first in files[module].known:
            path = files[module].known[first] + rest
        else:
            return None
    return None


def circle(imports):
    """Some circle among the imports, if there is one."""
    done = set()

    def walk(way):
        for module in sorted(imports[way[-1]]):
            if module in way:
                return way[way.index(module) :] + [module]
            if module not in done and (found := walk([*way, module])):
                return found
        done.add(way[-1])
        return None

    return next((found for module in sorted(imports) if module not in done and (found := walk([module]))), None)


def main(root):
    files = dict(modules(pathlib.Path(root)))
    imports = {
        module: {definer(files, module, path) for path in file.paths} - {None, module} for module, file in files.items()
    }
    if found := circle(imports):
        sys.exit("error: files import one another in a circle: " + " → ".join("::".join(module) or "lib" for module in found))


if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    main(*sys.argv[1:])
