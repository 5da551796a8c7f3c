#!/usr/bin/env python3
"""Keeps the strict schemas of some Kubernetes versions, in a form that kubeconform reads without a network.

    keep_schemas.py PACKAGE TARGET VERSION...

PACKAGE is the directory that kubernetes-validate was installed into. The files refer to each other from the root of a web
site; here they are beside each other.
"""

import json
import sys
from pathlib import Path


def main(package, target, *versions):
    for version in versions:
        name = f"v{version}-local-strict"
        kept = Path(target, name)
        kept.mkdir(parents=True)
        for source in Path(package, "kubernetes_validate", "kubernetes-json-schema", name).glob("*.json"):
            schema = json.loads(source.read_text())
            if isinstance(schema.get("$id"), str):
                del schema["$id"]
            text = json.dumps(schema).replace('"/api/_definitions.json#', '"_definitions.json#')
            Path(kept, source.name).write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
