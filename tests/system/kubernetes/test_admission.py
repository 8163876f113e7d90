# SPDX-License-Identifier: Apache-2.0
"""packaging/kubernetes as kube-apiserver's own plug-in compiles and evaluates it: what a Member's objects may say."""

from typing import Any

import pytest
import yaml

from support.kubernetes.api_server import Answer, ApiServer, Person
from support.kubernetes.objects import SHIPPED, pod
from support.kubernetes.world import World
from support.waiting import wait_until

NAMESPACE = "workloads"
CORE, APPS = f"/api/v1/namespaces/{NAMESPACE}", f"/apis/apps/v1/namespaces/{NAMESPACE}"
Thing = dict[str, Any]


def with_spec(name: str, **spec: Any) -> Thing:
    made = pod(name, NAMESPACE)
    made["spec"] |= spec
    return made


def with_container(**more: Any) -> list[Thing]:
    return [{"name": "it", "image": "scratch"} | more]


PRIVILEGED = {"securityContext": {"privileged": True}}


@pytest.fixture(scope="module")
def masters(one_server: ApiServer, policed: None) -> Person:
    """May everything, and the policy holds for them as well."""
    masters = one_server.masters
    refused = with_spec("privileged", containers=with_container(**PRIVILEGED))
    wait_until(lambda: masters.request("POST", f"{CORE}/pods", refused).status == 422, "the policy to hold")
    return masters


@pytest.fixture
def alice(world: World, server: ApiServer) -> Person:
    world.configure(kubernetes={"namespaces": NAMESPACE})
    alice = server.with_certificate("alice-here", "/CN=together:alice")
    wait_until(lambda: alice.request("GET", f"{CORE}/pods").status == 200, "the namespace")
    return alice


def says(answer: Answer, part: str) -> None:
    assert answer.status == 422 and "ValidatingAdmissionPolicy 'together-workloads'" in answer.message, answer
    assert part in answer.message and "expression" not in answer.message, answer.message


ORDINARY = {
    "plain": {},
    "own-account": {"serviceAccountName": "default", "serviceAccount": "default"},
    "daemon": {"tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}]},
    "gpu": {"tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}], "nodeSelector": {"gpu": "h100"}},
    "no-priority": {"priorityClassName": "", "priority": 0},
    "volumes": {"volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "persistentVolumeClaim": {"claimName": "data"}},
                            {"name": "c", "configMap": {"name": "x"}}, {"name": "d", "projected": {"sources": []}}]},
    "probed": {"containers": with_container(
        livenessProbe={"httpGet": {"port": 80}}, readinessProbe={"tcpSocket": {"host": "", "port": 80}},
        startupProbe={"exec": {"command": ["true"]}}, lifecycle={"postStart": {"httpGet": {"port": 80}}, "preStop": {"sleep": {"seconds": 1}}})},
    "unprivileged": {"initContainers": with_container(securityContext={"privileged": False}),
                     "hostNetwork": False, "nodeName": ""},
}


@pytest.mark.parametrize("name", ORDINARY)
def test_workloads_are_let_through(masters: Person, alice: Person, name: str) -> None:
    made = alice.request("POST", f"{CORE}/pods", with_spec(name, **ORDINARY[name]))
    assert made.status == 201, made


@pytest.mark.parametrize("spec, said", [
    ({"serviceAccountName": "builder"}, 'service account "default"'),
    ({"serviceAccount": "builder"}, 'service account "default"'),
    ({"containers": with_container(**PRIVILEGED)}, "no privileged container"),
    ({"initContainers": with_container(**PRIVILEGED)}, "no privileged container"),
    ({"hostNetwork": True}, "namespace of the host"), ({"hostPID": True}, "namespace of the host"),
    ({"hostIPC": True}, "namespace of the host"),
    ({"volumes": [{"name": "disk", "hostPath": {"path": "/"}}]}, "volumes of these kinds alone"),
    ({"volumes": [{"name": "new", "ephemeral": {}}]}, "volumes of these kinds alone"),
    ({"nodeName": "control-plane"}, "go through the scheduler"),
    ({"priorityClassName": "system-node-critical"}, "no priority classes but those"),
    ({"priorityClassName": "high"}, "no priority classes but those"),
    ({"priorityClassName": "high", "priority": 0}, "no priority classes but those"),
    ({"priority": 1000}, "no priority classes but those"), ({"priorityClassName": "", "priority": 1000}, "no priority classes but those"),
    ({"containers": with_container(livenessProbe={"httpGet": {"host": "127.0.0.1", "port": 80}})}, "ask the pod itself"),
    ({"initContainers": with_container(startupProbe={"tcpSocket": {"host": "10.0.0.1", "port": 80}})}, "ask the pod itself"),
    ({"containers": with_container(lifecycle={"preStop": {"httpGet": {"host": "169.254.169.254", "port": 80}}})}, "ask the pod itself"),
    ({"tolerations": [{"operator": "Exists"}]}, "tolerate taints of these keys alone"),
    ({"tolerations": [{"key": "", "operator": "Exists"}]}, "tolerate taints of these keys alone"),
    ({"tolerations": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}]}, "tolerate taints of these keys alone"),
    ({"tolerations": [{"key": "nvidia.com/gpu"}, {"key": "dedicated", "value": "infrastructure"}]}, "tolerate taints of these keys alone"),
])
def test_pods_that_are_more_than_a_member_are_refused(masters: Person, alice: Person, spec: Thing, said: str) -> None:
    for person in (alice, masters):
        says(person.request("POST", f"{CORE}/pods", with_spec("more", **spec)), said)


@pytest.mark.parametrize("spec, said", [
    ({"tolerations": [{"operator": "Exists"}]}, "tolerate taints of these keys alone"),
    ({"containers": with_container(**PRIVILEGED)}, "no privileged container"),
])
def test_a_pod_is_no_other_one_later(masters: Person, alice: Person, spec: Thing, said: str) -> None:
    if alice.request("POST", f"{CORE}/pods", with_spec("later")).status != 201:
        assert masters.request("PUT", f"{CORE}/pods/later", with_spec("later")).status == 201
    says(alice.request("PUT", f"{CORE}/pods/later", with_spec("later", **spec)), said)
    other_image = with_spec("later", containers=with_container(image="other"), nodeName="gpu-1")
    assert alice.request("PUT", f"{CORE}/pods/later", other_image).status == 201


def test_an_ephemeral_container_is_not_privileged(masters: Person) -> None:
    """Whoever may make one: by the table no Member."""
    assert masters.request("POST", f"{CORE}/pods", with_spec("debugged")).status == 201
    debugged = with_spec("debugged", ephemeralContainers=with_container(name="debug", **PRIVILEGED))
    says(masters.request("PUT", f"{CORE}/pods/debugged/ephemeralcontainers", debugged), "no privileged container")


def annotate(masters: Person, **annotations: str) -> None:
    namespace = yaml.safe_load((SHIPPED / "namespace.yaml").read_text())
    namespace["metadata"]["annotations"] = {f"together/{key.replace('_', '-')}": value for key, value in annotations.items()}
    assert masters.request("PUT", f"/api/v1/namespaces/{NAMESPACE}", namespace).status == 201


def test_an_admin_lets_other_taints_be_tolerated(masters: Person, alice: Person) -> None:
    assert alice.request("PUT", f"/api/v1/namespaces/{NAMESPACE}", {}).status == 403
    annotate(masters, tolerations="dedicated example.com/rdma")
    asked = with_spec("tolerating", tolerations=[{"key": "example.com/rdma"}, {"key": "dedicated", "operator": "Exists"}])
    wait_until(lambda: alice.request("POST", f"{CORE}/pods", asked).status == 201, "the annotation")
    for key in ("", "node-role.kubernetes.io/control-plane"):
        says(alice.request("POST", f"{CORE}/pods", with_spec("no", tolerations=[{"key": key}])), "tolerate taints")


def test_an_admin_lets_members_have_priority_classes(masters: Person, alice: Person) -> None:
    annotate(masters, priority_classes="low high system-node-critical")
    for name in ("high", "low"):
        asked = with_spec(f"prior-{name}", priorityClassName=name, priority=1000)
        wait_until(lambda asked=asked: alice.request("POST", f"{CORE}/pods", asked).status == 201, "the annotation")
    for name in ("higher", "system-node-critical", "low high"):
        says(alice.request("POST", f"{CORE}/pods", with_spec("no", priorityClassName=name)), "no priority classes but those")
    says(alice.request("POST", f"{CORE}/pods", with_spec("no", priority=1000)), "no priority classes but those")
    annotate(masters)
    asked = with_spec("no-more", priorityClassName="high")
    wait_until(lambda: alice.request("POST", f"{CORE}/pods", asked).status == 422, "no annotation")


def secret(kind: str, name: str = "it") -> Thing:
    return {"apiVersion": "v1", "kind": "Secret", "type": kind,
            "metadata": {"name": name, "annotations": {"kubernetes.io/service-account.name": "builder"}}}


def stateful_set(name: str = "it", **spec: Any) -> Thing:
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name},
            "spec": {"serviceName": "x", "selector": {}, "template": {}} | spec}


def service(name: str = "it", **spec: Any) -> Thing:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def test_what_is_older_than_the_policy_still_loses_its_finalizers(masters: Person) -> None:
    old = {f"{CORE}/pods": with_spec("old", hostNetwork=True),
           f"{CORE}/secrets": secret("kubernetes.io/service-account-token", "old"),
           f"{APPS}/statefulsets": stateful_set("old", volumeClaimTemplates=[{"metadata": {"name": "disk"}}]),
           f"{CORE}/services": service("old", externalIPs=["10.0.0.1"])}
    bindings = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
    binding = masters.request("GET", f"{bindings}/together-workloads").document
    assert masters.request("DELETE", f"{bindings}/together-workloads").status == 200
    for path, thing in old.items():
        wait_until(lambda path=path, thing=thing: masters.request("POST", path, thing).status == 201, "no policy")
    assert masters.request("POST", bindings, binding).status == 201
    wait_until(lambda: masters.request("POST", f"{CORE}/pods", with_spec("new", hostNetwork=True)).status == 422, "the policy")
    for path, thing in old.items():
        thing["metadata"] |= {"finalizers": ["foregroundDeletion"], "labels": {"kubernetes.io/legacy-token-invalid-since": "2026-11-30"}}
        assert masters.request("PUT", f"{path}/old", thing).status == 201, path
    says(masters.request("PUT", f"{CORE}/pods/old", with_spec("old", hostNetwork=True, hostPID=True)), "namespace of the host")
    token = secret("kubernetes.io/service-account-token", "old")
    other = {"metadata": {"name": "old", "annotations": {"kubernetes.io/service-account.name": "other"}}}
    for changed in ({"data": {"token": "eA=="}}, {"metadata": {"name": "old"}}, other):
        says(masters.request("PUT", f"{CORE}/secrets/old", token | changed), "no tokens of service accounts")
    more = stateful_set("old", replicas=3, volumeClaimTemplates=[{"metadata": {"name": "disk"}}])
    says(masters.request("PUT", f"{APPS}/statefulsets/old", more), "make no volumes")


@pytest.mark.parametrize("path, allowed, refused, said", [
    (f"{CORE}/secrets", secret("Opaque"), secret("kubernetes.io/service-account-token"), "no tokens of service accounts"),
    (f"{APPS}/statefulsets", stateful_set(), stateful_set(volumeClaimTemplates=[{"metadata": {"name": "disk"}}]), "make no volumes"),
    (f"{CORE}/services", service(ports=[{"port": 80}]), service(externalIPs=["10.0.0.1"]), "no externalIPs"),
])
def test_other_objects_made_and_changed(masters: Person, alice: Person, path: str, allowed: Thing, refused: Thing, said: str) -> None:
    says(alice.request("POST", path, refused), said)
    assert alice.request("POST", path, allowed).status == 201
    says(alice.request("PUT", f"{path}/it", refused), said)
    assert alice.request("PUT", f"{path}/it", allowed).status == 201


def test_a_stateful_sets_scale_is_an_admins(masters: Person, alice: Person) -> None:
    answer = alice.request("PUT", f"{APPS}/statefulsets/it/scale", {"kind": "Scale"})
    assert answer.status == 403 and "volumes.manage" in answer.message


def test_elsewhere_and_for_kubelets_it_does_not_hold(masters: Person, one_server: ApiServer) -> None:
    elsewhere = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "infrastructure"}}
    assert masters.request("POST", "/api/v1/namespaces", elsewhere).status == 201
    made = pod("driver", "infrastructure")
    made["spec"]["hostNetwork"] = True
    assert masters.request("POST", "/api/v1/namespaces/infrastructure/pods", made).status == 201
    for subject in ("/O=system:nodes/O=system:masters/CN=together:alice", "/O=system:masters/CN=system:node:gpu-1"):
        like_one = one_server.with_certificate("like-a-kubelet", subject)
        says(like_one.request("POST", f"{CORE}/pods", with_spec("static", hostNetwork=True)), "namespace of the host")
    kubelet = one_server.with_certificate("kubelet", "/O=system:nodes/O=system:masters/CN=system:node:gpu-1")
    assert kubelet.request("POST", f"{CORE}/pods", with_spec("static", hostNetwork=True, nodeName="gpu-1")).status == 201
