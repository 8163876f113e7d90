# SPDX-License-Identifier: Apache-2.0
"""How fast together-roled answers questions, on one core, beside nginx that answers a constant on the same core;
and what a change takes while others get in its way. The clients have the other core, with wrk."""

import json
import pathlib
import re
import statistics
import subprocess
import tempfile
import threading
import time

from support import postgresql
from support.roled import Roled

SERVER, CLIENT = ("taskset", "-c", "0"), ("taskset", "-c", "1")
SECONDS = 5

NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 1000000;
  server {{ listen 127.0.0.1:{port}; location / {{ default_type application/json; return 200 '{constant}'; }} }}
}}
"""


class Measured:
    """Requests a second, and when the half and all but a hundredth of them were answered, in ms."""

    def __init__(self, report: str) -> None:
        self.rate = float(re.search(r"Requests/sec:\s+([\d.]+)", report)[1])
        self.p50, self.p99 = (self._milliseconds(report, share) for share in ("50", "99"))
        if wrong := re.search(r"(Non-2xx.*|Socket errors:.*)", report):
            raise RuntimeError(f"not all were answered: {wrong[1]}")

    @staticmethod
    def _milliseconds(report: str, share: str) -> float:
        number, unit = re.search(rf"{share}%\s+([\d.]+)(us|ms|s)", report).groups()
        return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


# Each request with the next of several tokens.
TURNS = """
local turn = 0
function request()
  turn = turn % #tokens + 1
  wrk.headers["Authorization"] = "Bearer " .. tokens[turn]
  return wrk.format()
end
"""


def wrk(url: str, clients: int, tokens: list[str], body: object = None) -> Measured:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write('wrk.headers["Content-Type"] = "application/json"\n')
        script.write(f'wrk.headers["Authorization"] = "Bearer {tokens[0]}"\n')
        if len(tokens) > 1:
            script.write(f"local tokens = {{{json.dumps(tokens)[1:-1]}}}\n{TURNS}")
        if body is not None:
            script.write(f"wrk.method = 'POST'\nwrk.body = {json.dumps(json.dumps(body))}\n")
        script.flush()
        done = subprocess.run([*CLIENT, "wrk", "-t1", f"-c{clients}", f"-d{SECONDS}s", "--latency", "-s", script.name, url],
                              capture_output=True, text=True, check=True)
    return Measured(done.stdout)


def row(name: str, measured: Measured, each: int = 1, floor: Measured | None = None, goal: int | None = None) -> None:
    of_floor = f"{measured.rate / floor.rate:6.2f} of nginx" if floor else ""
    wanted = f"goal {goal:,}" if goal else ""
    print(f"  {name:44} {measured.rate * each:10,.0f}/s  p50 {measured.p50:7.2f} ms  p99 {measured.p99:7.2f}  "
          f"{of_floor}  {wanted}", flush=True)


def constant(folder: pathlib.Path, answer: str) -> Measured:
    """nginx's, with an answer as long as ours."""
    with Roled(tempfile.mkdtemp()) as free:
        port = free.port
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port, constant=answer))
    nginx = subprocess.Popen([*SERVER, "nginx", "-e", str(folder / "error.log"), "-c", str(config)])
    try:
        subprocess.run(["curl", "-s", "-o", "/dev/null", "--retry", "20", "--retry-connrefused", "--retry-delay", "1",
                        f"http://127.0.0.1:{port}/"], check=True)
        return wrk(f"http://127.0.0.1:{port}/", 256, ["none"])
    finally:
        nginx.terminate()
        nginx.wait(10)


class Asked:
    """A server with a project of a hundred, and the questions that are asked of it, as gateways do: a person asks 1,000
    a second at most."""

    def __init__(self, server: Roled) -> None:
        self.server, self.project = server, server.default_project
        self.users = [server.add_user(f"user{number}") for number in range(100)]
        self.tokens = [server.token_for(self.project, user) for user in self.users]
        self.key = server.make("POST", f"/v1/projects/{self.project}/api_keys",
                               {"name": "gateway", "scopes": ["authorize"]})["token"]

    def question(self, number: int = 0) -> dict[str, str]:
        return {"project_id": self.project, "user_id": self.users[number].id, "action": "ssh.login"}

    def ask(self, clients: int, body: object) -> Measured:
        return wrk(f"{self.server.base_url}/authorize", clients, [self.key], body)

    def batch(self) -> dict[str, list[dict[str, str]]]:
        return {"questions": [self.question(number) for number in range(100)]}


def changes(asked: Asked) -> str:
    """One after the other, as fast as a key may."""
    user, times = asked.users[1], []
    for number in range(100):
        began = time.monotonic()
        answer = asked.server.patch(f"{asked.server.settings}/members/{user.id}",
                                    {"until": 4_000_000_000 + number})
        times.append(1000 * (time.monotonic() - began))
        assert answer.status == 200, answer
        time.sleep(0.11)  # sleeps: rosters are changed at most ten times a second
    return f"p50 {statistics.median(times):.2f} ms, p99 {sorted(times)[98]:.2f}"


def flooded(asked: Asked) -> str:
    """While one Member asks for what is refused, as fast as one connection can."""
    over = threading.Event()

    def flood() -> None:
        connection = asked.server.connect()
        while not over.is_set():
            asked.server.get(f"{asked.server.settings}/audit", token=asked.users[2], connection=connection)

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        return changes(asked)
    finally:
        over.set()
        thread.join()


def server(db: str | None = None) -> Roled:
    started = Roled(tempfile.mkdtemp(), db=db, options=["--max-unknown-per-address", "2000"])
    started.before = list(SERVER)
    return started


def questions() -> None:
    with server() as started:
        asked = Asked(started)
        answer = started.post("/v1/authorize", asked.question())
        assert answer.json["allowed"], answer
        floor = constant(pathlib.Path(tempfile.mkdtemp()), answer.text)
        row("nginx, a constant as long, 256 clients", floor)
        row("one question, 256 clients", asked.ask(256, asked.question()), floor=floor, goal=20_000)
        row("one question, 1 client", asked.ask(1, asked.question()))
        row("in batches of 100, 16 clients: questions", asked.ask(16, asked.batch()), each=100, goal=300_000)
        row("GET …/authorize/ssh.login, as nginx asks",
            wrk(f"{started.base_url}/projects/{asked.project}/authorize/ssh.login", 256, asked.tokens), floor=floor)
        print(f"  a change, quiet: {changes(asked)}; while a Member's requests are refused: {flooded(asked)} "
              "(goal: p50 2, p99 10)", flush=True)
    with server(postgresql.shared().new_database()) as started:
        asked = Asked(started)
        row("one question, 256 clients, PostgreSQL", asked.ask(256, asked.question()), floor=floor, goal=8_000)
