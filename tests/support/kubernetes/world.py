# SPDX-License-Identifier: Apache-2.0
"""A cluster's control plane with ours beside it: together-roled, together-refresh --watch,
together-authorizer, an API server that asks them. alice is a Member, bob an Admin, mallory somebody of the
organization who is not in the project."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from support.authority import certificate
from support.certificates import Certificates
from support.kubernetes.api_server import ApiServer, Etcd, Person, Program, authorization, kubeconfig
from support.programs import TOGETHER_AUTHORIZER, TOGETHER_REFRESH, TOGETHERCTL
from support.roled import Roled
from support.sshd import free_port
from support.waiting import wait_until

ETC, CACHE = Path("/etc/together"), Path("/var/cache/together")
CONFIG = ETC / "together.conf"


class World:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.chmod(0o755)
        for name in ("ours", "strange", "roled"):
            (folder / name).mkdir()
        self.certificates = Certificates(folder / "ours")
        self.strange = Certificates(folder / "strange")  # nobody trusts it
        self._make_roles()
        self.port = free_port()
        self.serving = self.certificates.issue("authorizer", "/CN=authorizer")
        self.api_server_key = self.certificates.issue("kube-apiserver", "/CN=kube-apiserver")
        self.token_reviews = kubeconfig(
            folder / "token-reviews", f"{self.roled.base_url}/kubernetes/tokenreviews", self.roled_ca, token=self.node_key)
        self.webhook = self.webhook_config("webhook")
        self.etcd = Etcd(folder)
        self.authorizer: Program | None = None
        self.watcher: Program | None = None
        self.started: list[ApiServer] = []

    def _make_roles(self) -> None:
        self.roled_ca = certificate(self.folder / "roled")
        self.roled = Roled(self.folder / "roled", tls=(self.roled_ca, self.folder / "roled/key.pem")).start()
        self.project = self.roled.create_project()
        self.people = {name: self.roled.add_user(name, uid=uid)
                       for name, uid in (("alice", 20001), ("bob", 20002), ("mallory", 20003))}
        self.node_key = self.roled.node_key(self.project)
        self.roled.add_collaborator(self.project, self.people["alice"])
        self.roled.add_collaborator(self.project, self.people["bob"], role="admin")
        self.tokens = {name: self.roled.token_for(self.project, self.people[name]) for name in ("alice", "bob")}

    def add_member(self, login: str) -> None:
        """With a token of hers for the cluster."""
        if login not in self.people:
            self.people[login] = self.roled.add_user(login, uid=20100 + len(self.people))
        self.roled.add_collaborator(self.project, self.people[login])
        self.tokens[login] = self.roled.token_for(self.project, self.people[login])

    def remove_member(self, login: str) -> None:
        """If she is one."""
        if login in self.roled.entries(self.project):
            self.roled.remove_collaborator(self.project, self.people[login])

    def revoke_token(self, login: str) -> None:
        person = self.people[login]
        for one in self.roled.get("/v1/users/me/tokens", token=person).json["data"]:
            if one.get("audience") == self.project:
                self.roled.make("DELETE", f"/v1/users/me/tokens/{one['id']}", token=person)

    # --- the node ------------------------------------------------------------------------------------

    def configure(self, roster: dict[str, str] | None = None, kubernetes: dict[str, str] | None = None) -> None:
        sections = {
            "api": {"base_url": self.roled.base_url, "project": self.project, "ca_file": self.roled_ca},
            "roster": {"refresh_program": TOGETHER_REFRESH} | (roster or {}),
            "kubernetes": {"listen": f"127.0.0.1:{self.port}", "tls_cert": self.serving[0], "tls_key": self.serving[1],
                           "client_ca": self.certificates.ca_file, "namespaces": "default"} | (kubernetes or {}),
        }
        lines: list[str] = []
        for section, keys in sections.items():
            lines += [f"[{section}]", *(f"{key} = {value}" for key, value in keys.items())]
        new = CONFIG.with_suffix(".new")
        new.write_text("\n".join(lines) + "\n")
        new.chmod(0o644)
        new.rename(CONFIG)

    def set_up_node(self) -> None:
        """One on which nothing of ours has run; with a roster, the watcher and the authorizer."""
        self.clean_up_node()
        for folder in (ETC, CACHE):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o755)
        (ETC / "token").write_text(self.node_key + "\n")
        (ETC / "token").chmod(0o600)
        self.configure()
        self.start_watcher()
        self.start_authorizer()

    def start_watcher(self) -> None:
        self.watcher = Program(self.folder / "watch.log", TOGETHER_REFRESH, "--config", CONFIG, "--watch")
        snapshot = CACHE / f"{self.project}.roster.v1"
        self.watcher.wait_for(snapshot.exists, "the first roster")

    def start_authorizer(self) -> None:
        assert is_free(self.port), "another one is there"
        self.authorizer = Program(self.folder / "authorizer.log", TOGETHER_AUTHORIZER, "--config", CONFIG)
        self.authorizer.wait_for(lambda: not is_free(self.port), "together-authorizer")

    def refresh(self) -> None:
        done = subprocess.run([TOGETHER_REFRESH, "--config", CONFIG], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    def roster_age(self) -> float:
        status = json.loads(self.ctl("status", "--json").stdout)
        return float(status["roster"]["age_seconds"])

    def take_roster_away(self) -> None:
        """And whoever could bring another."""
        assert self.watcher
        self.watcher.end()
        for path in CACHE.iterdir():
            path.unlink()

    def authorizer_log(self) -> str:
        return self.authorizer.log.read_text() if self.authorizer else ""

    def served_certificate(self) -> str:
        return ssl.get_server_certificate(("127.0.0.1", self.port))

    def ctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([TOGETHERCTL, *arguments], capture_output=True, text=True, timeout=60)

    # --- the API server ------------------------------------------------------------------------------

    def webhook_config(self, name: str, ca: Path | None = None, key: tuple[Path, Path] | None = None,
                       anonymous: bool = False, port: int | None = None) -> Path:
        """`key`: the API server's certificate and key; `anonymous`: it shows none."""
        certificate, its_key = key or self.api_server_key
        shown = {} if anonymous else {"client_certificate": str(certificate), "client_key": str(its_key)}
        return kubeconfig(self.folder / name, f"https://127.0.0.1:{port or self.port}/v1/kubernetes/subjectaccessreviews",
                          ca or self.certificates.ca_file, **shown)

    def api_server(self, name: str, webhook: Path | None = None, access: dict[str, Any] | None = None,
                   **settings: Any) -> ApiServer:
        made = ApiServer(self.folder / name, self.etcd, self.certificates,
                         access or authorization(webhook or self.webhook), self.token_reviews, **settings)
        self.started.append(made)
        return made

    def person(self, server: ApiServer, login: str) -> Person:
        """With a personal token for the project's cluster."""
        return server.with_token(login, self.tokens[login])

    def clean_up_node(self) -> None:
        for program in (self.authorizer, self.watcher):
            if program:
                program.end()

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        self.clean_up_node()
        for program in (*self.started, self.etcd):
            program.end()
        self.roled.stop()


class SlowWay:
    """A port before another one: what comes from a new connection is passed on `seconds` later."""

    def __init__(self, port: int, seconds: float) -> None:
        self._to, self._seconds = port, seconds
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            server = socket.create_connection(("127.0.0.1", self._to))
            time.sleep(self._seconds)  # sleeps: this is what is slow
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    @staticmethod
    def _pass_on(one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        other.close()

    def end(self) -> None:
        self._listener.close()


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def pause(program: Program) -> None:
    os.kill(program.process.pid, signal.SIGSTOP)
    stat = Path(f"/proc/{program.process.pid}/stat")
    wait_until(lambda: stat.read_text().rsplit(")", 1)[1].split()[0] == "T", "it to be stopped")


def resume(program: Program) -> None:
    os.kill(program.process.pid, signal.SIGCONT)
