# SPDX-License-Identifier: Apache-2.0
"""togetherctl with a real kubectl and API server: kubernetes rolebindings, doctor --kubernetes. RBAC's objects are
stored and grant nothing (tests/support/kubernetes/rbac.py)."""

import json
import shlex
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from support.kubernetes.api_server import ApiServer, Person, authorization
from support.kubernetes.objects import SHIPPED
from support.kubernetes.world import ETC, World
from support.waiting import wait_until

Thing = dict[str, Any]
KINDS = ["roles", "rolebindings", "clusterroles", "clusterrolebindings"]
POLICY = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/together-workloads"
BINDING = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/together-workloads"


@pytest.fixture
def masters(world: World, server: ApiServer, with_rbac: None) -> Iterator[Person]:
    """Nothing is bound before and after."""
    world.configure(kubernetes={"namespaces": "workloads"})
    yield server.masters
    for kind in KINDS:
        everywhere = [] if kind.startswith("cluster") else ["--all-namespaces"]
        for one in json.loads(server.masters.must("get", kind, "-o", "json", *everywhere))["items"]:
            where = ["--namespace", one["metadata"]["namespace"]] if everywhere else []
            server.masters.must("delete", kind, one["metadata"]["name"], *where)


def name_of(world: World, kind: str, whose: str) -> str:
    """With the project's hash in it."""
    printed = list(yaml.safe_load_all(world.ctl("kubernetes", "rolebindings").stdout))
    return next(one["metadata"]["name"] for one in printed if one["kind"] == kind and whose in one["metadata"]["name"])


def apply(world: World, person: Person) -> subprocess.CompletedProcess[str]:
    return world.ctl("kubernetes", "rolebindings", "--apply", "--kubectl", str(person.installed_kubectl()))


def bound(person: Person, name: str, namespace: str = "workloads") -> list[str]:
    binding = json.loads(person.must("get", "rolebinding", name, "--namespace", namespace, "-o", "json"))
    return [subject["name"] for subject in binding["subjects"]]


def bindings(person: Person) -> list[str]:
    found = json.loads(person.must("get", "rolebindings,clusterrolebindings", "--all-namespaces", "-o", "json"))
    return sorted(one["metadata"]["name"] for one in found["items"])


def binding(called: str, **subject: str) -> str:
    return json.dumps({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": called},
                       "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
                       "subjects": [subject]})


def test_a_finalizer_keeps_nobody_bound(world: World, masters: Person) -> None:
    """RBAC grants what is deleted and still there."""
    name = name_of(world, "RoleBinding", "member")
    assert apply(world, masters).returncode == 0
    place = ["rolebinding", name, "--namespace", "workloads"]
    masters.must("patch", *place, "--type=merge", "-p", '{"metadata": {"finalizers": ["example.com/backup"]}}')
    (ETC / "lockdown").write_text("incident 7\n")
    try:
        for _ in range(2):
            run = apply(world, masters)
            assert run.returncode == 2 and f"RoleBinding {name} in workloads gives nobody anything, and stays" in run.stderr
            assert bound(masters, name) == []
        (ETC / "lockdown").unlink()
        assert apply(world, masters).returncode == 0 and bound(masters, name) == ["together:alice"]
    finally:
        (ETC / "lockdown").unlink(missing_ok=True)
        masters.must("patch", *place, "--type=merge", "-p", '{"metadata": {"finalizers": null}}')


def test_the_roster_is_brought_to_the_cluster_and_kept_there(world: World, masters: Person) -> None:
    name = name_of(world, "RoleBinding", "member")
    run = apply(world, masters)
    assert run.returncode == 0, run.stderr
    assert bound(masters, name) == ["together:alice"]
    for printed in yaml.safe_load_all(world.ctl("kubernetes", "rolebindings").stdout):
        where = ["--namespace", printed["metadata"]["namespace"]] if "namespace" in printed["metadata"] else []
        there = json.loads(masters.must("get", printed["kind"], printed["metadata"]["name"], "-o", "json", *where))
        assert {key: there[key] for key in printed if key != "metadata"} == {key: printed[key] for key in printed if key != "metadata"}
    masters.must("patch", "rolebinding", name, "--namespace", "workloads", "--type=merge", "-p",
                 '{"subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "together:mallory"}]}')
    world.add_member("carol")
    world.refresh()
    assert apply(world, masters).returncode == 0
    assert bound(masters, name) == ["together:alice", "together:carol"]
    world.remove_member("carol")
    world.refresh()
    assert apply(world, masters).returncode == 0
    assert bound(masters, name) == ["together:alice"]


def test_a_lockdown_unbinds_without_a_roster_and_nobody_elses(world: World, masters: Person) -> None:
    masters.must("create", "--validate=false", "-f", "-", text=binding("theirs", kind="User", name="dave"))
    assert apply(world, masters).returncode == 0
    assert len(bindings(masters)) == 4
    world.take_roster_away()
    assert apply(world, masters).returncode == 2
    assert len(bindings(masters)) == 4
    (ETC / "lockdown").write_text("incident 7\n")
    run = apply(world, masters)
    assert run.returncode == 0, run.stderr
    assert bindings(masters) == ["theirs"]


def test_somebody_elses_object_of_our_name_stays(world: World, masters: Person) -> None:
    name = name_of(world, "ClusterRoleBinding", "admin")
    masters.must("create", "--validate=false", "-f", "-", text=binding(name, kind="User", name="dave"))
    run = apply(world, masters)
    assert run.returncode == 2 and f"ClusterRoleBinding {name} is somebody else's" in run.stderr
    assert '"dave"' in masters.must("get", "clusterrolebinding", name, "-o", "json")
    assert bound(masters, name_of(world, "RoleBinding", "member")) == ["together:alice"]


def findings(world: World, person: Person) -> dict[str, Thing]:
    run = world.ctl("doctor", "--kubernetes", "--kubectl", str(person.installed_kubectl()), "--json")
    worst = ["ok", "information", "warning", "failure"]
    found = sorted(json.loads(run.stdout), key=lambda one: worst.index(one["result"]))
    return {one["check"]: one for one in found}


def test_doctor_finds_a_cluster_well_as_we_set_it_up(world: World, masters: Person, policed: None) -> None:
    assert apply(world, masters).returncode == 0
    found = findings(world, masters)
    assert [one["what"] for one in found.values() if one["result"] != "ok"] == []


def test_doctor_sees_what_is_open(world: World, masters: Person, policed: None) -> None:
    masters.must("create", "--validate=false", "-f", "-",
                 text=binding("pods", kind="ServiceAccount", name="default", namespace="workloads"))
    shipped = next(yaml.safe_load_all((SHIPPED / "admission-policy.yaml").read_text()))
    ours = masters.request("GET", POLICY).document
    shipped["spec"]["failurePolicy"] = "Ignore"
    try:
        assert masters.request("PUT", POLICY, shipped).status == 201
        found = findings(world, masters)
        assert "service account default of workloads" in found["kubernetes_rbac"]["what"]
        assert "spec.failurePolicy" in found["kubernetes_admission"]["what"]
        assert found["kubernetes_asks"]["result"] == "ok", found["kubernetes_asks"]["what"]
    finally:
        assert masters.request("PUT", POLICY, ours).status == 201


def test_doctor_finds_what_is_left_and_how_it_goes_away(world: World, masters: Person) -> None:
    assert apply(world, masters).returncode == 0
    name = name_of(world, "RoleBinding", "member")
    world.configure(kubernetes={"namespaces": "others"})
    left = findings(world, masters)["kubernetes_left"]
    assert left["result"] == "failure" and f"RoleBinding {name}" in left["what"]
    kubectl, *command = shlex.split(left["fix"])
    assert kubectl == "kubectl" and "deleted" in masters.must(*command)
    assert findings(world, masters)["kubernetes_left"]["result"] == "ok"
    assert name not in masters.must("get", "roles,rolebindings", "--all-namespaces", "-o", "name")


def test_doctor_finds_a_failure_policy_that_lets_in(world: World, masters: Person) -> None:
    """Without a fault: by a review that together-authorizer refuses."""
    server = world.api_server("no-opinion-asked", access=authorization(world.webhook, failurePolicy="NoOpinion"))
    found = findings(world, server.masters)
    assert found["kubernetes_asks"]["result"] == "ok"
    assert found["kubernetes_failure_policy"]["result"] == "failure"


def test_doctor_finds_what_does_not_act(world: World, masters: Person, policed: None) -> None:
    """A policy that nothing binds is to a dry run as one that is not evaluated."""
    binding = masters.request("GET", BINDING).document
    try:
        assert masters.request("DELETE", BINDING).status == 200
        found = wait_until(lambda: (one := findings(world, masters)["kubernetes_dry_run"])["result"] == "failure" and one, "the policy")
        assert "together-workloads lets a pod that tolerates every taint through" in found["what"]
    finally:
        assert masters.request("POST", BINDING.rsplit("/", 1)[0], binding).status == 201
    wait_until(lambda: findings(world, masters)["kubernetes_dry_run"]["result"] == "ok", "the policy")
