#!/usr/bin/env python3
"""Shapes and checks a proxy-wasm module; needs Python 3 alone.

    wasm_module.py prune IN OUT    keep only the exports of wasm_interface.txt (`filter_on_X`, where it is there, as
                                   `proxy_on_X`), drop custom sections
    wasm_module.py check FILE      fail on an import, export or section that must not be there
    wasm_module.py callbacks DIR   fail if the adapter's sources there implement other callbacks than are exported

Envoy calls every callback that a module exports, and the SDK exports all of them. What is not exported
costs nothing per request, and the optimiser can drop the code behind it.
"""

import pathlib
import re
import sys

# A symbol of the SDK's name would be there twice: the filter's own has this name until it takes the other's place.
OWN, SDK = "filter_on_", "proxy_on_"
INTERFACE = pathlib.Path(__file__).with_name("wasm_interface.txt")
HEADER = b"\0asm\x01\0\0\0"
CUSTOM, IMPORTS, EXPORTS = 0, 2, 7


def interface():
    """The names in wasm_interface.txt, by the kind of their line."""
    names = {"export": set(), "import": set()}
    for line in INTERFACE.read_text().splitlines():
        words = line.split("#")[0].split()
        if words:
            kind, name = words
            names[kind].add(name)
    return names


def read_number(data, at):
    """An unsigned LEB128 number and the place behind it."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def write_number(value):
    out = bytearray()
    while True:
        byte = value & 0x7F
        value >>= 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def read_bytes(data, at):
    size, at = read_number(data, at)
    if at + size > len(data):
        raise ValueError("the module ends early")
    return data[at : at + size], at + size


def sections(module):
    if module[:8] != HEADER:
        raise ValueError("not a WebAssembly module of version 1")
    at = 8
    while at < len(module):
        kind = module[at]
        content, at = read_bytes(module, at + 1)
        yield kind, content


def exports(content):
    """Pairs of name and the whole entry as it stands in the export section."""
    for name, what in named(content):
        yield name, entry(name, what)


def named(content):
    """Pairs of name and what it stands for, as it is encoded."""
    count, at = read_number(content, 0)
    for _ in range(count):
        name, at = read_bytes(content, at)
        start = at
        _, at = read_number(content, at + 1)
        yield name.decode(), content[start:at]


def entry(name, what):
    encoded = name.encode()
    return write_number(len(encoded)) + encoded + what


def interface_exports(content):
    """The entries of the interface, the filter's own in the place of the SDK's."""
    entries = dict(named(content))
    own = {SDK + name.removeprefix(OWN): what for name, what in entries.items() if name.startswith(OWN)}
    wanted = interface()["export"]
    return [entry(name, what) for name, what in {**entries, **own}.items() if name in wanted]


def imports(content):
    """Names of imported functions, as `module.name`."""
    count, at = read_number(content, 0)
    for _ in range(count):
        module, at = read_bytes(content, at)
        name, at = read_bytes(content, at)
        full = f"{module.decode()}.{name.decode()}"
        if content[at] != 0:
            raise ValueError(f"`{full}` is not a function: Envoy offers nothing else")
        _, at = read_number(content, at + 1)
        yield full


def prune(module):
    out = bytearray(HEADER)
    for kind, content in sections(module):
        if kind == CUSTOM:
            continue
        if kind == EXPORTS:
            kept = interface_exports(content)
            content = write_number(len(kept)) + b"".join(kept)
        out += bytes([kind]) + write_number(len(content)) + content
    return bytes(out)


def check(module):
    """What is wrong with the module, as lines."""
    names = interface()
    found = set()
    for kind, content in sections(module):
        if kind == CUSTOM:
            section, _ = read_bytes(content, 0)
            yield f"custom section `{section.decode()}`: it must be stripped"
        elif kind == EXPORTS:
            found = {name for name, _ in exports(content)}
        elif kind == IMPORTS:
            for name in sorted(set(imports(content)) - names["import"]):
                yield f"import `{name}`: not in {INTERFACE.name}, so Envoy may refuse the module"
    for name in sorted(names["export"] - found):
        yield f"export `{name}` is missing"
    for name in sorted(found - names["export"]):
        yield f"export `{name}`: not in {INTERFACE.name}, so Envoy would call it for nothing"


def callbacks(directory):
    """Callbacks that would never be called, or be called for nothing, as lines."""
    exported = {name for name in interface()["export"] if name.startswith(SDK)}
    exported.remove("proxy_on_memory_allocate")
    implemented = set()
    for file in pathlib.Path(directory).rglob("*.rs"):
        # By its SDK's traits, or as an export of its own.
        for name in re.findall(rf"\bfn (?:(?=on_\w+\(&mut self)|{OWN})(\w+)\(", file.read_text()):
            implemented.add(SDK + name.removeprefix("on_"))
    for name in sorted(implemented - exported):
        yield f"`{name}` is implemented, but not in {INTERFACE.name}: it would never be called"
    for name in sorted(exported - implemented):
        yield f"`{name}` is in {INTERFACE.name}, but not implemented: it would be called for nothing"


def report(where, faults):
    count = 0
    for fault in faults:
        print(f"error: {where}: {fault}", file=sys.stderr)
        count += 1
    return 1 if count else 0


def main(arguments):
    match arguments:
        case ["prune", source, target]:
            pathlib.Path(target).write_bytes(prune(pathlib.Path(source).read_bytes()))
        case ["check", file]:
            return report(file, check(pathlib.Path(file).read_bytes()))
        case ["callbacks", directory]:
            return report(directory, callbacks(directory))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
