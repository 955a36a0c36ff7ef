"""Reads XML with Python's own reader and counts its elements.

Standard input:  {"xml": TEXT}
Standard output: {element: count}
"""

import collections
import json
import sys
import xml.etree.ElementTree

root = xml.etree.ElementTree.fromstring(json.load(sys.stdin)["xml"].encode())
print(json.dumps(collections.Counter(element.tag for element in root.iter())))
