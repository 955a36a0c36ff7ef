"""Makes a module that traps on demand out of the filter, for tests alone: nothing known makes the filter itself trap.

    trapping_module.py IN OUT CALLBACK=LOW-HIGH ...

A callback traps when its second argument is in the range: `proxy_on_request_headers=70-100` on a request with so many
headers, `proxy_on_request_body=3900-4000` when so many bytes of its body are there. Everything else goes on to the filter.
With it tests see what `failure_policy` makes of that request, of those beside it and of the next. Never deploy it.
"""

import pathlib
import sys

from wasm_module import EXPORTS, HEADER, IMPORTS, exports, imports, read_bytes, read_number, sections, write_number

FUNCTIONS, CODE = 3, 10
FUNCTION = b"\x00"


def function_of(entry):
    """The index of the function that an entry of the export section names."""
    name, at = read_bytes(entry, 0)
    if entry[at : at + 1] != FUNCTION:
        raise ValueError(f"`{name.decode()}` is not a function")
    return read_number(entry, at + 1)[0]


def numbers(content):
    count, at = read_number(content, 0)
    for _ in range(count):
        value, at = read_number(content, at)
        yield value


def signed(value):
    """Signed LEB128 of a number that is not negative: the sign bit of its last byte stays clear."""
    out = write_number(value)
    return out if out[-1] < 0x40 else out[:-1] + bytes([out[-1] | 0x80, 0])


def trap(module, demands):
    parts = dict((kind, content) for kind, content in sections(module) if kind)
    imported = len(list(imports(parts[IMPORTS])))
    types = list(numbers(parts[FUNCTIONS]))
    entries = dict(exports(parts[EXPORTS]))
    bodies = b""
    for name, (low, high) in demands.items():
        callback = function_of(entries[name])
        # (argument - low) as an unsigned number, at most high - low: unreachable; then the call with all three arguments.
        code = b"\x00\x20\x01\x41" + signed(low) + b"\x6b\x41" + signed(high - low) + b"\x4d\x04\x40\x00\x0b"
        code += b"\x20\x00\x20\x01\x20\x02\x10" + write_number(callback) + b"\x0b"
        bodies += write_number(len(code)) + code
        entries[name] = write_number(len(name)) + name.encode() + FUNCTION + write_number(imported + len(types))
        types.append(types[callback - imported])
    count, at = read_number(parts[CODE], 0)
    parts[FUNCTIONS] = write_number(len(types)) + b"".join(write_number(t) for t in types)
    parts[EXPORTS] = write_number(len(entries)) + b"".join(entries.values())
    parts[CODE] = write_number(count + len(demands)) + parts[CODE][at:] + bodies
    return HEADER + b"".join(bytes([kind]) + write_number(len(content)) + content for kind, content in parts.items())


def main(source, target, *demands):
    demands = {name: tuple(int(n) for n in span.split("-")) for name, span in (demand.split("=") for demand in demands)}
    pathlib.Path(target).write_bytes(trap(pathlib.Path(source).read_bytes(), demands))


if __name__ == "__main__":
    main(*sys.argv[1:])
