"""Puts the files of the page together, from what has been built.

    page.py GLUE MODULE SOURCES FOLDER

    index.html, style.css   as they stand in the sources
    page.js                 the files of SOURCES/script, one after the other
    engine.js               the module in base64, and its glue: so that nothing is ever fetched

The same sources and tools give the same bytes.
"""

import base64
import pathlib
import sys

# `main.js` comes last: it runs when it is read.
ORDER = ("dom", "core", "clock", "fields", "config_editor", "signed", "outcome", "protection", "link", "main")


def script(folder):
    there = {path.stem for path in folder.glob("*.js")}
    if there != set(ORDER):
        sys.exit(f"error: {folder} has {sorted(there)}, and {__file__} knows {sorted(ORDER)}")
    parts = ((folder / f"{name}.js").read_text().rstrip() for name in ORDER)
    return '"use strict";\n(() => {\n' + "\n\n".join(parts) + "\n})();\n"


def engine(glue, module):
    start = "let wasm_bindgen = "
    if start not in glue:
        sys.exit("error: the glue of wasm-bindgen has another form than was known; scripts/page.py must learn it")
    text = base64.b64encode(module).decode()
    # A fresh copy for each call: after a fault the page starts with a new one.
    return f'"use strict";\nconst coreInBase64 = "{text}";\n\nfunction newCore() {{\n{glue.rstrip()}\nreturn wasm_bindgen;\n}}\n'


def main():
    glue, module, sources, folder = (pathlib.Path(argument) for argument in sys.argv[1:5])
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "index.html": (sources / "index.html").read_text(),
        "style.css": (sources / "style.css").read_text(),
        "page.js": script(sources / "script"),
        "engine.js": engine(glue.read_text(), module.read_bytes()),
    }
    for name, text in files.items():
        (folder / name).write_text(text)
        print(f"{len(text.encode()):>9}  {folder / name}")


if __name__ == "__main__":
    main()
