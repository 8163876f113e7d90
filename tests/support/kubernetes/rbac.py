# SPDX-License-Identifier: Apache-2.0
"""Custom resources that stand in for RBAC's objects: same group, version, kinds. They are stored and listed,
and grant nothing. Kubernetes keeps *.k8s.io for itself unless the annotation says that somebody has thought about it."""

import json
from typing import Any

KINDS = {"Role": "Namespaced", "RoleBinding": "Namespaced", "ClusterRole": "Cluster", "ClusterRoleBinding": "Cluster"}
GROUP = "rbac.authorization.k8s.io"


def definition(kind: str, scope: str) -> dict[str, Any]:
    plural = kind.lower() + "s"
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{GROUP}",
                         "annotations": {"api-approved.kubernetes.io": "unapproved, stands in for the built-in one"}},
            "spec": {"group": GROUP, "scope": scope,
                     "names": {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"},
                     "versions": [{"name": "v1", "served": True, "storage": True,
                                   "schema": {"openAPIV3Schema": anything}}]}}


def definitions() -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List",
                       "items": [definition(kind, scope) for kind, scope in KINDS.items()]})
