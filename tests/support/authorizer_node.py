# SPDX-License-Identifier: Apache-2.0
"""A node with together-authorizer, whose roster is a file: carol is an Admin, alice a Member, erin external."""

import http.client
import json
import shutil
import signal
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

from support.certificates import Certificates
from support.programs import TOGETHER_AUTHORIZER, TOGETHER_REFRESH
from support.roster_file import RosterFile
from support.sshd import free_port
from support.waiting import wait_until

ETC, CACHE = Path("/etc/together"), Path("/var/cache/together")
CONFIG = ETC / "together.conf"
REVIEWS = "/v1/kubernetes/subjectaccessreviews"


class AuthorizerNode:
    """Use as a context manager, in a sandbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.chmod(0o755)
        for name in ("ours", "strange"):
            (folder / name).mkdir()
        self.certificates = Certificates(folder / "ours")
        self.strange = Certificates(folder / "strange")  # nobody trusts it
        self.certificate, self.key = self.certificates.issue("authorizer", "/CN=authorizer")
        self.client = self.certificates.issue("api-server", "/CN=kube-apiserver")
        self.port = free_port()
        self.client_ca: Path | None = self.certificates.ca_file
        self.socket = folder / "http.sock"
        self.log = folder / "authorizer.log"
        self.process: subprocess.Popen[bytes] | None = None
        for directory in (ETC, CACHE):
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(mode=0o755)
        self.roster = RosterFile(ETC / "roster.json", "proj_1")
        self.roster.add("alice", uid=20001)
        self.roster.add("carol", "admin", uid=20002)
        self.roster.add("erin", uid=20003, external=True)
        self.configure()
        self.refresh()

    def configure(self, **more: str) -> None:
        """`more`: section="key = value", or whole sections of them."""
        lines = {
            "api": f"base_url = file://{self.roster.path}\nproject = proj_1",
            "roster": f"refresh_program = {TOGETHER_REFRESH}",
            "kubernetes": f"listen = 127.0.0.1:{self.port}\ntls_cert = {self.certificate}\ntls_key = {self.key}"
                          + (f"\nclient_ca = {self.client_ca}" if self.client_ca else ""),
            "http": f"listen = unix:{self.socket}",
        }
        if "namespaces =" not in more.get("kubernetes", ""):
            lines["kubernetes"] += "\nnamespaces = default"
        for section, text in more.items():
            lines[section] = lines.get(section, "") + "\n" + text
        new = CONFIG.with_suffix(".new")
        new.write_text("".join(f"[{section}]\n{text}\n" for section, text in lines.items()))
        new.chmod(0o644)
        new.rename(CONFIG)

    def refresh(self) -> None:
        self.roster.write()
        done = subprocess.run([TOGETHER_REFRESH, "--config", CONFIG], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    def let_the_roster_grow_old(self) -> None:
        """Older than it may be, which the running program learns of its configuration."""
        self.configure(roster="fresh_for = 1s\nrecheck_after = 1s\nlocal_fault_for = 1s\nstale_for = 1s")
        wait_until(lambda: "the roster is" in self.ask("/readyz")[2], "the roster to be too old")

    def start(self, *as_whom: str) -> None:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([*as_whom, TOGETHER_AUTHORIZER, "--config", CONFIG],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: self._ended() or self.log.read_text().count("listening on") == 2, "both doors")
        assert not self._ended(), self.log.read_text()

    def stop(self) -> int:
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def _ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def __enter__(self) -> "AuthorizerNode":
        return self

    def __exit__(self, *_: object) -> None:
        if not self._ended():
            self.stop()

    # --- Kubernetes' door ----------------------------------------------------------------------------

    def connection(self, client: tuple[Path, Path] | None = None, ca: Path | None = None) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(ca or self.certificates.ca_file))
        if client is not None:
            context.load_cert_chain(*client)
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=10)

    def post(self, body: bytes | str, path: str = REVIEWS,
             connection: http.client.HTTPSConnection | None = None) -> tuple[int, Any]:
        asked = connection or self.connection(self.client)
        asked.request("POST", path, body, {"Content-Type": "application/json"})
        answer = asked.getresponse()
        return answer.status, json.loads(answer.read())

    def review(self, user: str, verb: str = "list", resource: str = "pods", namespace: str = "default",
               **more: str) -> dict[str, Any]:
        """The status that the API server is answered."""
        status, document = self.post(json.dumps(review(user, verb, resource, namespace, **more)))
        assert status == 201, document
        return document["status"]

    # --- HTTP's --------------------------------------------------------------------------------------

    def ask(self, target: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], str]:
        asked = http.client.HTTPConnection("localhost", timeout=10)
        asked.sock = socket.socket(socket.AF_UNIX)
        asked.sock.settimeout(10)
        asked.sock.connect(str(self.socket))
        asked.request("GET", target, headers=headers or {})
        answer = asked.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()


def review(user: str, verb: str, resource: str, namespace: str, **more: str) -> dict[str, Any]:
    return {"kind": "SubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "spec": {
        "user": user, "groups": ["together:proj_1", "system:authenticated"],
        "resourceAttributes": {"verb": verb, "resource": resource, "namespace": namespace, "version": "v1", **more}}}
