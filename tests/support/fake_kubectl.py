#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What togetherctl asks of kubectl, answered from a file of objects that $FAKE_CLUSTER names: get, apply, delete of
RBAC objects and what doctor looks at. A patch is refused, as by a webhook. Every call is written down beside it."""

import argparse
import json
import os
import sys
from pathlib import Path

import yaml

CLUSTER = Path(os.environ["FAKE_CLUSTER"])


def key(thing: dict) -> str:
    return "|".join([thing["kind"], thing["metadata"].get("namespace", ""), thing["metadata"]["name"]])


def asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("verb", choices=["get", "create", "apply", "patch", "delete"])
    parser.add_argument("what", nargs="*")
    parser.add_argument("--dry-run")
    parser.add_argument("--validate")
    parser.add_argument("--selector", default="")
    for flag in ("--ignore-not-found", "--all-namespaces", "--server-side", "--force-conflicts"):
        parser.add_argument(flag, action="store_true")
    for option in ("--output", "--namespace", "--filename", "--field-manager", "--wait", "--type", "--patch"):
        parser.add_argument(option)
    return parser.parse_intermixed_args(arguments)


def plural(thing: dict) -> str:
    kind = thing["kind"].lower()
    return kind[:-1] + "ies" if kind.endswith("y") else kind + ("es" if kind.endswith("s") else "s")


def got(cluster: dict, call: argparse.Namespace) -> dict | None:
    kinds = [resource.split(".")[0] for resource in call.what[0].split(",")]
    labels = dict(one.split("=") for one in call.selector.split(",") if one)
    found = [thing for thing in cluster["objects"].values() if {thing["kind"].lower(), plural(thing)} & set(kinds)
             and call.namespace in (None, thing["metadata"].get("namespace"))
             and labels.items() <= thing["metadata"].get("labels", {}).items()]
    if len(call.what) == 1:
        return {"kind": "List", "items": found}
    found = [thing for thing in found if thing["metadata"]["name"] in call.what[1:]]
    if len(call.what) > 2 and found:
        return {"kind": "List", "items": found}
    return next(iter(found), None)


def delete(cluster: dict, call: argparse.Namespace) -> None:
    resource, name = call.what
    gone = [one for one, thing in cluster["objects"].items()
            if thing["kind"].lower() + "s" == resource.removesuffix(".rbac.authorization.k8s.io")
            and thing["metadata"]["name"] == name and thing["metadata"].get("namespace") == call.namespace]
    for one in gone:
        del cluster["objects"][one]


def reviewed(cluster: dict, review: dict) -> dict:
    user = review["spec"]["user"]
    if not review["spec"]["resourceAttributes"]["verb"]:
        return review | {"status": cluster.get("unreadable", {"allowed": False})}
    if review["spec"]["resourceAttributes"]["resource"] == "selfsubjectaccessreviews":
        return review | {"status": cluster.get("granted", {"allowed": True})}
    return review | {"status": cluster.get("reviews", {}).get(user, {"allowed": False})}


def refusal(cluster: dict, pod: dict) -> str:
    """As kubectl says it; nothing where the API server would make it."""
    by = "pod_security" if "SYS_ADMIN" in json.dumps(pod["spec"]) else "policy"
    return cluster.get("refusals", {}).get(by, "")


def main(arguments: list[str]) -> int:
    cluster = json.loads(CLUSTER.read_text())
    with CLUSTER.with_suffix(".calls").open("a") as calls:
        calls.write(" ".join(arguments) + "\n")
    if cluster.get("down"):
        print('E1130 memcache.go:265] "Unhandled Error"', file=sys.stderr)
        print("The connection to the server was refused", file=sys.stderr)
        return 1
    call = asked(arguments)
    if call.namespace and call.namespace in cluster.get("refusing", []):
        print(f"Error from server: {call.namespace} is too large", file=sys.stderr)
        return 1
    if set(call.what) & set(cluster.get("hidden", [])):
        print(f'Error from server (Forbidden): {call.what[0]} is forbidden: User "carol" cannot list it', file=sys.stderr)
        return 1
    if call.output == "json":
        if call.verb == "create":
            given = yaml.safe_load(sys.stdin)
            if call.dry_run == "server" and (said := refusal(cluster, given)):
                print(f'Warning: would violate PodSecurity "restricted:latest"\n{said}', file=sys.stderr)
                return 1
            answer = given if call.dry_run else reviewed(cluster, given)
        else:
            answer = got(cluster, call)
        if answer is not None:
            print(json.dumps(answer))
    elif call.verb == "apply":
        for thing in yaml.safe_load_all(sys.stdin):
            assert thing["apiVersion"] == "rbac.authorization.k8s.io/v1", thing
            cluster["objects"][key(thing)] = thing
    elif call.verb == "patch":
        print('Error from server: admission webhook "policy" denied the request', file=sys.stderr)
        return 1
    elif call.verb == "delete":
        delete(cluster, call)
    else:
        return 2
    new = CLUSTER.with_suffix(".new")
    new.write_text(json.dumps(cluster))
    new.rename(CLUSTER)  # somebody may read it
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
