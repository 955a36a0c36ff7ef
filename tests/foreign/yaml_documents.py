"""Reads YAML with PyYAML. Standard input: {"text": YAML}; standard output: its documents, as JSON."""

import json
import sys

import yaml

if __name__ == "__main__":
    json.dump(list(yaml.safe_load_all(json.load(sys.stdin)["text"])), sys.stdout)
