"""The filter's module with callbacks less, or with one that does nothing: what is left of the difference is the host's."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scripts"))
import wasm_module  # noqa: E402

FUNCTIONS, CODE = 3, 10
# No locals, the number 0 (`Continue`), the end; after their length.
EMPTY_BODY = bytes([4, 0, 0x41, 0, 0x0B])


def without(callbacks, module, directory):
    """The host does not see the callbacks."""

    def change(found):
        kept = [entry for name, entry in wasm_module.exports(found[wasm_module.EXPORTS]) if name not in callbacks]
        return {wasm_module.EXPORTS: vector(kept)}

    return rewritten(module, directory / f"{module.stem}_without_{'_'.join(sorted(callbacks))}.wasm", callbacks, change)


def with_empty(callback, module, directory):
    """The host enters the VM, and that is all."""

    def change(found):
        entries = dict(wasm_module.named(found[wasm_module.EXPORTS]))
        own, _ = wasm_module.read_number(entries[callback], 1)
        imported = sum(1 for _ in wasm_module.imports(found[wasm_module.IMPORTS]))
        functions = numbers(found[FUNCTIONS])
        another = imported + len(functions)
        entries[callback] = b"\0" + wasm_module.write_number(another)
        count, at = wasm_module.read_number(found[CODE], 0)
        return {
            # Of the type of the one in whose place it comes.
            FUNCTIONS: vector([*map(wasm_module.write_number, [*functions, functions[own - imported]])]),
            wasm_module.EXPORTS: vector([wasm_module.entry(name, what) for name, what in entries.items()]),
            CODE: wasm_module.write_number(count + 1) + found[CODE][at:] + EMPTY_BODY,
        }

    return rewritten(module, directory / f"{module.stem}_empty_{callback}.wasm", {callback}, change)


def rewritten(module, path, callbacks, change):
    """The module at `path`, with the sections that `change` has others for."""
    found = list(wasm_module.sections(module.read_bytes()))
    missing = callbacks - dict(wasm_module.named(dict(found)[wasm_module.EXPORTS])).keys()
    if missing:
        raise SystemExit(f"error: {module} does not export {', '.join(sorted(missing))}")
    changed = change(dict(found))
    out = bytearray(wasm_module.HEADER)
    for kind, content in found:
        content = changed.get(kind, content)
        out += bytes([kind]) + wasm_module.write_number(len(content)) + content
    path.write_bytes(out)
    return path


def numbers(content):
    count, at = wasm_module.read_number(content, 0)
    out = []
    for _ in range(count):
        value, at = wasm_module.read_number(content, at)
        out.append(value)
    return out


def vector(items):
    return wasm_module.write_number(len(items)) + b"".join(items)
