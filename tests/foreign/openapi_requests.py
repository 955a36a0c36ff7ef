"""Requests out of 3GPP's OpenAPI files, by schemathesis: conforming ones, and ones that are not; and whom lenient servers
would read in the latter.

Standard input:  {"folder": of the files, "seed": N, "conforming": how many of an operation, "mutated": likewise (each conforming one is mutated, too),
                  "eec_id": the client's, "ue_id": the client's, "operations": [{"file", "method", "path",
                  "eec_id": its pointer or null, "required": whether it must be there, "ue_id": its pointer or null, "absent": [pointers]}]}
Standard output: {"left_open": [files that others refer to and are not there],
                  "requests": [{"operation": number, "conforming": BOOL, "path": P, "media_type": M or null, "body": base64 or null,
                                "read": {"eec_id": [[reader, value]], "ue_id": [[reader, value]]} of a mutated one}]}

What a file that is not there would say is left open: any JSON.
"""

import base64
import json
import pathlib
import random
import re
import sys
import tempfile

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

import lenient_readers

VICTIM = {"eec_id": "victim", "ue_id": "msisdn-victim"}
# What somebody writes who wants to be read as another.
SPELLINGS = ["%", "%", "%", "%\0", "%\0x", " %", "_%", "%_", "requestorId.%", "requestorId[%]", "__proto__"]
MEDIA_TYPES = ["application/json"] * 6 + [
    "application/json; charset=utf-8",
    "application/json; charset=utf-7",
    "application/merge-patch+json",
    "text/plain",
    "application/x-www-form-urlencoded",
]


def closed(folder, into):
    """Copies the files; a reference to a file that is not there becomes a schema that allows anything."""
    there = {file.name for file in folder.glob("*.yaml")}
    missing = set()

    def kept(found):
        name = found.group(2)
        if not name or name in there:
            return found.group(0)
        missing.add(name)
        return "description: not at hand"

    for file in folder.glob("*.yaml"):
        text = re.sub(r"\$ref: *(['\"]?)([\w.]*)#[^'\"\n]*\1", kept, file.read_text())
        (into / file.name).write_text(text)
    return sorted(missing)


def cases(operation, mode, count, seed):
    found = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def collect(case):
        found.append(case)

    collect()
    return found[:count]


def put(body, pointer, value):
    """Sets what a pointer leads to, and makes the way there."""
    *way, last = pointer.split("/")[1:]
    for name in way:
        if not isinstance(body.get(name), dict):
            body[name] = {}
        body = body[name]
    body[last] = value


def take(body, pointer):
    *way, last = pointer.split("/")[1:]
    for name in way:
        body = body.get(name) if isinstance(body, dict) else None
    return body.pop(last, None) if isinstance(body, dict) else None


def made_own(body, operation, orders, chance):
    """The same request, made by the client itself."""
    for pointer in operation["absent"]:
        take(body, pointer)
    if operation["eec_id"] and (operation["required"] or take(body, operation["eec_id"]) is not None):
        put(body, operation["eec_id"], orders["eec_id"])
    if operation["ue_id"]:
        there = take(body, operation["ue_id"]) is not None
        if there or operation["eec_id"] is None or chance.random() < 0.3:
            put(body, operation["ue_id"], orders["ue_id"])


def written(body, chance):
    indent = chance.choice([None, None, 1])
    separators = chance.choice([(",", ":"), (", ", ": ")])
    return json.dumps(body, ensure_ascii=chance.random() < 0.5, indent=indent, separators=separators).encode()


def objects(value):
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(inner)


def planted(body, chance):
    """Somebody else's identity, somewhere."""
    places = list(objects(body))
    if not places:
        return
    place = places[0] if chance.random() < 0.6 else chance.choice(places)
    kind, name = chance.choice([("eec_id", "eecId"), ("ue_id", "ueId"), ("eec_id", "requestorId"), ("eec_id", "easId")])
    spelled = chance.choice(SPELLINGS).replace("%", chance.choice([name, name.upper(), name.lower(), name]))
    value = VICTIM[kind]
    place[spelled] = chance.choice([value, value, {"eecId": value}, [value], {"": value}])


def broken(text, chance):
    """The bytes of a body, changed where a lenient parser would not mind."""
    other = json.dumps({"eecId": VICTIM["eec_id"], "ueId": VICTIM["ue_id"], "requestorId": {"eecId": VICTIM["eec_id"]}}).encode()
    inner = other[1:-1]
    if not text.startswith(b"{") or chance.random() < 0.6:
        return text
    more = b"," if text.strip() != b"{}" else b""
    return chance.choice(
        [
            lambda: b"{" + inner + more + text[1:],
            lambda: text.rstrip()[:-1] + more + inner + b"}",
            lambda: text + other,
            lambda: other + text,
            lambda: b"\xef\xbb\xbf" + text,
            lambda: text.decode("utf-8", "ignore").encode("utf-16"),
            lambda: text[: len(text) * 2 // 3],
            lambda: b"[" + text + b"]",
            lambda: text.rstrip()[:-1] + b",}",
            lambda: text.replace(b'":', b'" \x0b:', 1),
        ]
    )()


def decoded(raw, media_type):
    """The texts that servers make of the bytes."""
    yield "UTF-8", raw.decode("utf-8", "ignore")
    yield "without a mark", raw.decode("utf-8-sig", "replace")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield "UTF-16", raw.decode("utf-16", "ignore")
    if "utf-7" in (media_type or ""):
        yield "UTF-7", raw.decode("utf-7", "ignore")


def documents(text):
    """What parsers make of a text, each object as a list of pairs: the whole, and several behind each other."""
    decoder = json.JSONDecoder(object_pairs_hook=lambda pairs: ("object", pairs), strict=False)
    at = 0
    while True:
        at = len(text) - len(text[at:].lstrip())
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        yield value


def is_object(value):
    return isinstance(value, tuple) and value[0] == "object"


def values(value, way, reader):
    """All that this reader of names could take for the member at the end of the way."""
    if isinstance(value, list) and len(value) == 1:
        # A list of one is unwrapped by some.
        yield from values(value[0], way, reader)
    if not way:
        if isinstance(value, str):
            yield value
        return
    if is_object(value):
        wanted = lenient_readers.read(way[0], reader, lenient_readers.STEPS)
        for name, inner in value[1]:
            if name == way[0] or lenient_readers.read(name, reader, lenient_readers.STEPS) == wanted:
                yield from values(inner, way[1:], reader)


def readings(raw, media_type, pointer):
    """Who reads what, each value once."""
    found = {}
    for charset, text in decoded(raw, media_type):
        for number, document in enumerate(documents(text)):
            for name, reader in zip(lenient_readers.NAMES, lenient_readers.READERS):
                for value in values(document, pointer.split("/")[1:], reader):
                    found.setdefault(value, f"{charset}, document {number}, {name}")
    return [[reader, value] for value, reader in found.items()]


def counts(order, orders):
    """The kinds of cases, and how many."""
    if order["method"] == "DELETE":
        return [(GenerationMode.POSITIVE, 2)]
    return [(GenerationMode.POSITIVE, orders["conforming"]), (GenerationMode.NEGATIVE, orders["mutated"])]


def sent(media_type, raw):
    return {"media_type": media_type, "body": base64.b64encode(raw).decode()}


def mutated(body, media_type, order, chance):
    """A body that is not what it should be, or says more than it should; an identifier that every server takes."""
    if chance.random() < 0.7:
        planted(body, chance)
    try:
        raw = broken(body if isinstance(body, bytes) else written(body, chance), chance)
    except (TypeError, UnicodeEncodeError):
        # No body at all, or one that is no JSON.
        raw = b""
    media_type = media_type if chance.random() < 0.8 else chance.choice(MEDIA_TYPES)
    read = {kind: readings(raw, media_type, order[kind]) if order[kind] else [] for kind in ("eec_id", "ue_id")}
    path = re.sub(r"\{\w+\}", "r1", order["path"])
    return sent(media_type, raw) | {"path": path, "conforming": False, "read": read}


def main():
    orders = json.load(sys.stdin)
    chance = random.Random(orders["seed"])
    requests = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        left_open = closed(pathlib.Path(orders["folder"]), folder)
        for number, order in enumerate(orders["operations"]):
            schema = schemathesis.openapi.from_path(folder / order["file"])
            all_of_it = (found.ok() for found in schema.get_all_operations() if isinstance(found, Ok))
            wanted = (order["method"].lower(), order["path"])
            operation = next(found for found in all_of_it if (found.method.lower(), found.path) == wanted)
            for mode, count in counts(order, orders):
                for case in cases(operation, mode, count, orders["seed"]):
                    path = operation.path
                    for name, value in (case.path_parameters or {}).items():
                        path = path.replace("{" + name + "}", value)
                    request = {"operation": number, "path": path, "media_type": None, "body": None, "conforming": True}
                    if order["method"] == "DELETE":
                        requests.append(request)
                        continue
                    body, media_type = case.body, operation.body[0].media_type
                    if mode is GenerationMode.POSITIVE:
                        made_own(body, order, orders, chance)
                        requests.append(request | sent(media_type, written(body, chance)))
                    elif isinstance(body, dict) and chance.random() < 0.8:
                        made_own(body, order, orders, chance)
                    requests.append(request | mutated(body, media_type, order, chance))
    json.dump({"left_open": left_open, "requests": requests}, sys.stdout)


if __name__ == "__main__":
    main()
