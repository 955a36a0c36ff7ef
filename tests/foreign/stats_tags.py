"""Takes names of statistics apart as Envoy does: the first group of each expression is cut out, the second is the label.

Standard input:  {"tags": [{"tag_name": T, "regex": R}], "names": [N]}, the names below `wasmcustom.eec_authn.`
Standard output: [[name in Prometheus below `eec_authn_`, {label: value}]]
"""

import json
import re
import sys

PREFIX = "wasmcustom.eec_authn."


def apart(name, tags):
    full, cut, labels = PREFIX + name, [], {}
    for tag in tags:
        if found := re.search(tag["regex"], full):
            cut.append(found.span(1))
            labels[tag["tag_name"]] = found.group(2)
    for start, end in sorted(cut, reverse=True):
        full = full[:start] + full[end:]
    return [full.removeprefix(PREFIX).replace(".", "_"), labels]


if __name__ == "__main__":
    orders = json.load(sys.stdin)
    json.dump([apart(name, orders["tags"]) for name in orders["names"]], sys.stdout)
