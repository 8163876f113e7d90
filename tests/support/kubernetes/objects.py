# SPDX-License-Identifier: Apache-2.0
"""Objects that the tests create."""

import json
from typing import Any

from support.programs import CHECKOUT

SHIPPED = CHECKOUT / "packaging" / "kubernetes"


def nodeset(name: str, namespace: str = "default", replicas: int = 1) -> str:
    return json.dumps({"apiVersion": "slinky.slurm.net/v1alpha1", "kind": "NodeSet",
                       "metadata": {"name": name, "namespace": namespace}, "spec": {"replicas": replicas}})


def pod(name: str, namespace: str = "default") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
            "spec": {"containers": [{"name": "it", "image": "scratch"}]}}


PODS = "/api/v1/namespaces/default/pods"
NODESETS = "/apis/slinky.slurm.net/v1alpha1/namespaces/default/nodesets"
