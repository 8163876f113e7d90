# SPDX-License-Identifier: Apache-2.0
"""kubectl as a Member, an Admin, a stranger, somebody of the cluster's own."""

import pytest

from support.kubernetes.api_server import ApiServer, Person
from support.kubernetes.objects import NODESETS, PODS, nodeset, pod
from support.kubernetes.world import World
from support.waiting import wait_until


def test_member_works_in_the_projects_namespace(alice: Person) -> None:
    assert "No resources found" in alice.kubectl("get", "pods").stderr
    assert alice.request("POST", PODS, pod("one")).status == 201
    assert alice.request("POST", "/apis/batch/v1/namespaces/default/jobs", {"kind": "Job"}).status == 201


@pytest.mark.parametrize("namespace", ["kube-system", "kube-public", "kube-node-lease", "elsewhere"])
def test_member_works_in_no_other_namespace(alice: Person, namespace: str) -> None:
    refused = alice.kubectl("get", "pods", "--namespace", namespace)
    assert refused.returncode == 1
    assert "Members of the project work in the namespace default." in refused.stderr


def test_member_reads_where_the_project_spreads_to(world: World, alice: Person) -> None:
    assert alice.request("GET", PODS.replace("default", "team-a")).status == 403
    world.configure(kubernetes={"namespaces": "default team-*"})
    wait_until(lambda: alice.request("GET", PODS.replace("default", "team-a")).status == 200, "the namespace")


@pytest.mark.parametrize("method,path", [
    ("POST", PODS.replace("default", "kube-system")),
    ("GET", "/api/v1/secrets"),
    ("POST", "/api/v1/namespaces/default/serviceaccounts/default/token"),
    ("POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings"),
    ("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"),
    ("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"),
    ("POST", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"),
    ("DELETE", "/api/v1/nodes/gpu-1"),
    ("GET", "/api/v1/nodes/gpu-1/proxy/pods"),
    ("POST", "/api/v1/namespaces/default/resourcequotas"),
    ("POST", "/api/v1/persistentvolumes"),
    ("GET", "/metrics"), ("GET", "/debug/pprof/heap"), ("GET", "/apis/../metrics"),
])
def test_member_does_not_become_more(alice: Person, method: str, path: str) -> None:
    answer = alice.request(method, path, {"kind": "Any"} if method == "POST" else None)
    assert answer.status == 403, answer
    assert "needs the role admin" in answer.message or "does not permit" in answer.message, answer.message


def test_member_is_nobody_else(alice: Person) -> None:
    alice.must("get", "nodesets")  # who may not be somebody else may not look around as them, either
    refused = alice.kubectl("get", "pods", "--as", "together:bob")
    assert refused.returncode == 1 and "cannot impersonate" in refused.stderr
    assert "needs the role admin" in refused.stderr
    assert alice.kubectl("get", "pods", "--as", "x", "--as-group", "system:masters").returncode == 1


def test_admin_does_what_a_member_may_not(bob: Person) -> None:
    assert bob.request("GET", "/metrics").status == 200
    assert bob.request("POST", PODS.replace("default", "kube-system"), pod("one", "kube-system")).status == 201


def test_nodesets_are_the_admins(alice: Person, bob: Person) -> None:
    assert "created" in bob.must("create", "--validate=false", "-f", "-", text=nodeset("gpu"))
    assert "gpu" in alice.must("get", "nodesets")
    refused = alice.kubectl("scale", "--replicas=9", "nodeset/gpu")
    assert refused.returncode == 1
    assert "alice has the role member" in refused.stderr and "clusters.scale" in refused.stderr
    assert "cannot patch resource \"nodesets/scale\"" in refused.stderr
    assert "scaled" in bob.must("scale", "--replicas=4", "nodeset/gpu")
    assert bob.must("get", "nodeset", "gpu", "-o", "jsonpath={.spec.replicas}") == "4"
    assert "clusters.modify" in alice.kubectl(
        "patch", "nodeset", "gpu", "--type=merge", "-p", '{"spec": {"replicas": 9}}').stderr
    assert "clusters.delete" in alice.kubectl("delete", "nodeset", "gpu").stderr
    assert "deleted" in bob.must("delete", "nodeset", "gpu")


def test_stranger_reads_why_not(mallory: Person) -> None:
    refused = mallory.kubectl("get", "nodesets")
    assert refused.returncode == 1
    assert "mallory is not a collaborator of project" in refused.stderr, refused.stderr
    assert "An Admin of the project can add you." in refused.stderr
    assert "mallory is not a collaborator" in mallory.kubectl("get", "pods").stderr


def test_wrong_token_is_nobody(server: ApiServer) -> None:
    assert server.with_token("nobody", "wrong").request("GET", PODS).status == 401


def test_who_shows_nothing_is_anonymous(server: ApiServer) -> None:
    answer = server.with_nothing().request("GET", PODS)
    assert answer.status == 403 and "system:anonymous" in answer.message


def test_can_i_says_what_the_request_would(alice: Person, bob: Person) -> None:
    allowed = alice.kubectl("auth", "can-i", "create", "pods")
    assert allowed.stdout == "yes\n", allowed.stderr
    refused = alice.kubectl("auth", "can-i", "create", "pods", "--namespace", "kube-system")
    assert refused.stdout.startswith("no - Access denied: alice has the role member")
    assert bob.kubectl("auth", "can-i", "create", "pods", "--namespace", "kube-system").stdout == "yes\n"


def test_what_is_not_ours_goes_on_to_rbac(server: ApiServer) -> None:
    bound = server.with_certificate("controller", "/O=rbac/CN=system:kube-controller-manager")
    unbound = server.with_certificate("stray", "/CN=system:stray")
    assert bound.request("GET", PODS).status == 200
    refused = unbound.request("GET", PODS)
    assert refused.status == 403 and "collaborator" not in refused.message


def test_rbac_lets_no_stranger_in_behind_us(server: ApiServer) -> None:
    bound = server.with_certificate("bound", "/O=rbac/CN=together:mallory")
    assert "mallory is not a collaborator" in bound.request("GET", PODS).message


def test_masters_pass_every_authorizer(server: ApiServer) -> None:
    """As they do in kube-apiserver: a certificate with that group needs no roster, and no authorizer ends it."""
    master = server.with_certificate("stranger", "/O=system:masters/CN=together:mallory")
    assert master.request("GET", NODESETS).status == 200


def test_certificate_of_a_member(server: ApiServer) -> None:
    alice = server.with_certificate("alice-certificate", "/CN=together:alice")
    assert "No resources found" in alice.kubectl("get", "pods").stderr
    assert alice.request("GET", "/metrics").status == 403


@pytest.mark.parametrize("name", ["together:Alice", "together: alice", "together:", "together:root", "together:alice/x",
                                  "together:together:alice"])
def test_names_that_look_like_ours(server: ApiServer, name: str) -> None:
    odd = server.with_certificate("odd", "/CN=" + name.replace("/", "\\/"))
    assert odd.request("GET", PODS).status == 403
