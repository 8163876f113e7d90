#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What togetherctl asks of kubectl, answered from a file of objects that $FAKE_CLUSTER names: get, apply, delete of
RBAC objects and what doctor looks at. Every call is written down beside it."""

import json
import os
import sys
from pathlib import Path

import yaml

CLUSTER = Path(os.environ["FAKE_CLUSTER"])
LABEL = "app.kubernetes.io/managed-by"


def key(thing: dict) -> str:
    return "|".join([thing["kind"], thing["metadata"].get("namespace", ""), thing["metadata"]["name"]])


def listed(cluster: dict, ns: str | None) -> None:
    for thing in cluster["objects"].values():
        meta = thing["metadata"]
        if ns is None or (meta.get("namespace") == ns and thing["kind"] in ("Role", "RoleBinding")):
            print("|".join([thing["kind"], meta.get("namespace", ""), meta["name"], meta.get("labels", {}).get(LABEL, "")]))


def got(cluster: dict, arguments: list[str]) -> dict | None:
    kinds = [kind.rstrip("s") for kind in arguments[0].split(",")]
    found = [thing for thing in cluster["objects"].values() if thing["kind"].lower() in kinds]
    if "--ignore-not-found" not in arguments:
        return {"kind": "List", "items": found}
    return next((thing for thing in found if thing["metadata"]["name"] == arguments[1]), None)


def reviewed(cluster: dict, review: dict) -> dict:
    user = review["spec"]["user"]
    return review | {"status": cluster.get("reviews", {}).get(user, {"allowed": False})}


def main(arguments: list[str]) -> int:
    cluster = json.loads(CLUSTER.read_text())
    with CLUSTER.with_suffix(".calls").open("a") as calls:
        calls.write(" ".join(arguments) + "\n")
    if cluster.get("down"):
        print('E1130 memcache.go:265] "Unhandled Error"', file=sys.stderr)
        print("The connection to the server was refused", file=sys.stderr)
        return 1
    ns = arguments[arguments.index("--namespace") + 1] if "--namespace" in arguments else None
    if arguments[-2:] == ["--output", "json"]:
        answer = reviewed(cluster, json.load(sys.stdin)) if arguments[0] == "create" else got(cluster, arguments[1:])
        if answer is not None:
            print(json.dumps(answer))
    elif arguments[0] == "get":
        listed(cluster, ns)
    elif arguments[0] == "apply":
        for thing in yaml.safe_load_all(sys.stdin):
            assert thing["apiVersion"] == "rbac.authorization.k8s.io/v1", thing
            cluster["objects"][key(thing)] = thing
    elif arguments[0] == "delete":
        del cluster["objects"]["|".join([arguments[1], ns or "", arguments[2]])]
    else:
        return 2
    new = CLUSTER.with_suffix(".new")
    new.write_text(json.dumps(cluster))
    new.rename(CLUSTER)  # somebody may read it
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
