# SPDX-License-Identifier: Apache-2.0
"""A Kubernetes API server on loopback, its etcd, and kubectl as somebody."""

import json
import os
import shlex
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from support.certificates import Certificates
from support.kubernetes import programs
from support.programs import CHECKOUT
from support.sshd import free_port
from support.waiting import wait_until

Run = subprocess.CompletedProcess[str]


def write_json(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


def kubeconfig(path: Path, server: str, ca: Path | None, **user: Any) -> Path:
    """`user`: token, or client-certificate and client-key with underscores, or exec."""
    cluster = {"server": server} | ({"certificate-authority": str(ca)} if ca else {})
    who = {key.replace("_", "-"): value for key, value in user.items()}
    return write_json(path, {
        "apiVersion": "v1", "kind": "Config", "current-context": "it",
        "clusters": [{"name": "it", "cluster": cluster}], "users": [{"name": "it", "user": who}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}]})


def authorization(webhook: Path, **settings: Any) -> dict[str, Any]:
    """The AuthorizationConfiguration that we ship, without the authorizer of nodes, which is not in the library:
    our webhook, then RBAC. Nothing is kept by the API server unless `settings` say so."""
    shipped = yaml.safe_load((CHECKOUT / "packaging" / "kubernetes" / "authorization.yaml").read_text())
    shipped["authorizers"] = [one for one in shipped["authorizers"] if one["type"] != "Node"]
    asked = next(one["webhook"] for one in shipped["authorizers"] if one["type"] == "Webhook")
    asked["connectionInfo"]["kubeConfigFile"] = str(webhook)
    asked |= settings
    return dict(shipped)


class Program:
    """A daemon in the background, its output in a file."""

    def __init__(self, log: Path, *command: str | os.PathLike[str]) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def wait_for(self, condition: Any, what: str, timeout: float = 60) -> None:
        def came() -> bool:
            assert self.process.poll() is None, f"{what}: it ended\n{self.log.read_text()[-4000:]}"
            return bool(condition())
        wait_until(came, what, timeout)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(30)


class Etcd(Program):
    def __init__(self, folder: Path) -> None:
        self.url, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        super().__init__(
            folder / "etcd.log", *programs.from_sid("etcd"), "--data-dir", folder / "etcd", "--unsafe-no-fsync",
            "--listen-client-urls", self.url, "--advertise-client-urls", self.url, "--listen-peer-urls", peer,
            "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}")
        self.wait_for(lambda: get_text(f"{self.url}/health"), "etcd")


def get_text(url: str, context: ssl.SSLContext | None = None) -> str:
    try:
        with urllib.request.urlopen(url, timeout=5, context=context) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


@dataclass
class Answer:
    status: int
    document: Any
    seconds: float

    @property
    def message(self) -> str:
        return str(self.document.get("message", "")) if isinstance(self.document, dict) else str(self.document)


class Person:
    """Somebody with a kubeconfig."""

    def __init__(self, server: "ApiServer", config: Path) -> None:
        self.server, self.config = server, config

    def kubectl(self, *arguments: str, text: str | None = None) -> Run:
        return subprocess.run(
            [*programs.from_sid("kubectl"), "--kubeconfig", self.config, "--cache-dir", self.config.with_suffix(".d"),
             *arguments], input=text or "", capture_output=True, text=True, timeout=120,
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"})

    def must(self, *arguments: str, text: str | None = None) -> str:
        done = self.kubectl(*arguments, text=text)
        assert done.returncode == 0, f"kubectl {arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def installed_kubectl(self) -> Path:
        """A program of root's that is kubectl with this person's kubeconfig."""
        script = self.config.with_suffix(".kubectl")
        words = [*programs.from_sid("kubectl"), "--kubeconfig", self.config, "--cache-dir", self.config.with_suffix(".d")]
        script.write_text(f'#!/bin/sh\nexec {shlex.join(str(word) for word in words)} "$@"\n')
        script.chmod(0o755)
        return script

    def request(self, method: str, path: str, body: Any = None) -> Answer:
        """Without kubectl, which looks around first."""
        began = time.monotonic()
        try:
            with self._open(method, path, body) as answer:
                return Answer(answer.status, as_json(answer.read()), time.monotonic() - began)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return Answer(refusal.code, as_json(refusal.read()), time.monotonic() - began)

    def watch(self, path: str) -> Any:
        """What changes there from now on, a line each: a context manager."""
        return wait_until(lambda: self._watch_where_ready(f"{path}?watch=1"), "the API server's cache of what is watched")

    def _watch_where_ready(self, path: str) -> Any:
        """The API server answers 429 while it reads what there is, as after a new definition."""
        try:
            return self._open("GET", path)
        except urllib.error.HTTPError as refusal:
            if refusal.code != 429:
                raise
            return None

    def _open(self, method: str, path: str, body: Any = None) -> Any:
        user = json.loads(self.config.read_text())["users"][0]["user"]
        context = ssl.create_default_context(cafile=str(self.server.certificates.ca_file))
        if "client-certificate" in user:
            context.load_cert_chain(user["client-certificate"], user["client-key"])
        sent = urllib.request.Request(self.server.url + path, method=method,
                                      data=None if body is None else json.dumps(body).encode())
        sent.add_header("Content-Type", "application/json")
        if "token" in user:
            sent.add_header("Authorization", f"Bearer {user['token']}")
        return urllib.request.urlopen(sent, timeout=120, context=context)


def as_json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.decode()


class ApiServer(Program):
    """`access`: an AuthorizationConfiguration. `tokens`: the kubeconfig of a TokenReview webhook.
    `issuers`: an AuthenticationConfiguration. `rbac_allows`: groups that stand in for RBAC's bindings."""

    def __init__(self, folder: Path, etcd: Etcd, certificates: Certificates, access: dict[str, Any],
                 tokens: Path | None = None, token_ttl: str = "0s", issuers: dict[str, Any] | None = None,
                 rbac_allows: str = "rbac") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.certificates = folder, certificates
        port = free_port()
        self.url = f"https://127.0.0.1:{port}"
        certificate, key = certificates.issue("api-server", "/CN=api-server")
        self.masters = self.with_certificate("masters", "/O=system:masters/CN=kubernetes-admin")
        more = ["--authentication-token-webhook-config-file", tokens] if tokens else []
        if issuers:
            more += ["--authentication-config", write_json(folder / "authentication.json", issuers)]
        super().__init__(
            folder / "api-server.log", *programs.api_server(), "--etcd-servers", etcd.url,
            "--bind-address", "127.0.0.1", "--secure-port", str(port), "--tls-cert-file", certificate,
            "--tls-private-key-file", key, "--client-ca-file", certificates.ca_file,
            "--kubeconfig", self.masters.config, "--enable-priority-and-fairness=false",
            "--authorization-config", write_json(folder / "authorization.json", access),
            "--authentication-token-webhook-cache-ttl", token_ttl, "--rbac-allows", rbac_allows,
            # They wait for what only a whole kube-apiserver has.
            "--disable-admission-plugins=NamespaceLifecycle,MutatingAdmissionWebhook,ValidatingAdmissionWebhook,"
            "ValidatingAdmissionPolicy,MutatingAdmissionPolicy", *more)
        context = ssl.create_default_context(cafile=str(certificates.ca_file))
        masters = json.loads(self.masters.config.read_text())["users"][0]["user"]
        context.load_cert_chain(masters["client-certificate"], masters["client-key"])
        self.wait_for(lambda: get_text(f"{self.url}/readyz", context) == "ok", "the API server")

    def with_certificate(self, name: str, subject: str) -> Person:
        certificate, key = self.certificates.issue(name, subject)
        return self._person(name, client_certificate=str(certificate), client_key=str(key))

    def with_token(self, name: str, token: str) -> Person:
        return self._person(name, token=token)

    def with_plugin(self, name: str, command: list[str], environment: dict[str, str]) -> Person:
        """kubectl executes it to get a token."""
        variables = [{"name": key, "value": value} for key, value in environment.items()]
        return self._person(name, exec={"apiVersion": "client.authentication.k8s.io/v1", "command": command[0],
                                        "args": command[1:], "env": variables, "interactiveMode": "Never"})

    def with_nothing(self) -> Person:
        return self._person("nothing")

    def _person(self, name: str, **user: Any) -> Person:
        return Person(self, kubeconfig(self.folder / f"{name}.kubeconfig", self.url, self.certificates.ca_file, **user))
