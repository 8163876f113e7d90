# SPDX-License-Identifier: Apache-2.0
"""How fast together-authorizer answers, on one core, with 100,000 on the roster: reviews over kept-alive TLS, and what
nginx's auth_request adds to a request. The clients have the other core, with wrk."""

import json
import random
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from questions import CLIENT, SECONDS, SERVER, Measured
from support.authorizer_node import REVIEWS, AuthorizerNode, review
from support.sshd import free_port

COLLABORATORS = 100_000
PAIRS = 10

NGINX = """
daemon off;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 1000000;
  upstream together {{ server unix:{socket}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port};
    location /open {{ alias /etc/nginx/page; }}
    location /asked {{ auth_request /together; alias /etc/nginx/page; }}
    location = /together {{
      internal;
      proxy_pass http://together/v1/forward-auth?action=kubernetes.dashboard;
      proxy_http_version 1.1;
      proxy_pass_request_body off;
      proxy_pass_request_headers off;
      proxy_set_header Connection "";
      proxy_set_header Content-Length "";
      proxy_set_header X-Forwarded-User user50000;
    }}
  }}
}}
"""

# Each request about the next of a thousand people, all over the roster.
TURNS = """
local turn = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
function request()
  turn = (turn + 1) % 1000
  return wrk.format(nil, nil, nil, (string.gsub(BODY, "LOGIN", LOGIN .. (turn * 97 + 1))))
end
"""


def wrk(url: str, clients: int, script: str = "") -> Measured:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        done = subprocess.run([*CLIENT, "wrk", "-t1", f"-c{clients}", f"-d{SECONDS}s", "--latency", "-s", file.name, url],
                              capture_output=True, text=True, check=True)
    return Measured(done.stdout)


def memory(pid: int) -> float:
    """MiB of its own."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(re.search(rf"^{name}:\s+(\d+)", text, re.M)[1]) for name in ("Private_Clean", "Private_Dirty")) / 1024


def cpu_seconds(pid: int) -> float:
    """So far, of all its threads: what others do on its core does not count."""
    return sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def row(name: str, measured: Measured, *more: str) -> None:
    print(f"  {name:44} {measured.rate:10,.0f}/s  p50 {measured.p50:7.2f} ms  p99 {measured.p99:7.2f}  " + "  ".join(more),
          flush=True)


@contextmanager
def authorizer() -> Iterator[AuthorizerNode]:
    """Without client certificates, which wrk has none of."""
    folder = Path(tempfile.mkdtemp())
    with AuthorizerNode(folder) as node:
        for number in range(COLLABORATORS):
            node.roster.add(f"user{number}", "admin" if number % 50 == 0 else "member", uid=100_000 + number)
        node.client_ca = None
        node.configure(roster="fresh_for = 1h")
        node.refresh()
        node.start(*SERVER)
        yield node


def reviews(node: AuthorizerNode) -> None:
    url = f"https://127.0.0.1:{node.port}{REVIEWS}"
    asked = {
        "a Member lists pods": ("user", review("together:LOGIN", "list", "pods", "default")),
        "a stranger does, which is logged": ("nobody", review("together:LOGIN", "list", "pods", "default")),
        "not ours": ("user", review("system:LOGIN", "list", "pods", "default")),
    }
    before = memory(node.process.pid)
    for clients in (1, 64):
        for name, (login, body) in asked.items():
            script = f"BODY = {json.dumps(json.dumps(body))}\nLOGIN = '{login}'\n{TURNS}"
            began = cpu_seconds(node.process.pid)
            measured = wrk(url, clients, script)
            each = (cpu_seconds(node.process.pid) - began) / (measured.rate * SECONDS)
            row(f"{name}, {clients} kept alive", measured, f"{1e6 * each:.0f} µs of CPU each: {1 / each:,.0f}/s on a core of its own")
    print(f"  memory of its own: {before:.1f} MiB before, {memory(node.process.pid):.1f} after", flush=True)


@contextmanager
def nginx(node: AuthorizerNode) -> Iterator[str]:
    port, config = free_port(), node.folder / "nginx.conf"
    config.write_text(NGINX.format(folder=node.folder, port=port, socket=node.socket))
    page = Path("/etc/nginx/page")
    page.parent.mkdir(exist_ok=True)
    page.write_text("<h1>dashboard</h1>\n" * 50)
    process = subprocess.Popen([*CLIENT, "nginx", "-e", node.folder / "nginx.log", "-c", config])
    try:
        subprocess.run(["curl", "-sf", "-o", "/dev/null", "--retry", "20", "--retry-connrefused", "--retry-delay", "1",
                        f"http://127.0.0.1:{port}/asked"], check=True)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def one_request(url: str) -> float:
    """ms of the half of them, one after the other."""
    return wrk(url, 1).p50


def proxied(node: AuthorizerNode) -> None:
    with nginx(node) as url:
        times: dict[str, list[float]] = {"/open": [], "/asked": []}
        for _ in range(PAIRS):
            for path in random.sample(list(times), 2):
                times[path].append(one_request(url + path))
        differences = [asked - unasked for asked, unasked in zip(times["/asked"], times["/open"])]
        print(f"  a request to nginx, one at a time: {statistics.median(times['/open']):.3f} ms without, "
              f"{statistics.median(times['/asked']):.3f} with auth_request, {statistics.median(differences):.3f} more, "
              f"{min(differences):.3f} to {max(differences):.3f} in {PAIRS} pairs", flush=True)
        row("nginx with auth_request, 64 clients", wrk(url + "/asked", 64))
        row("nginx without, 64 clients", wrk(url + "/open", 64))


def measure() -> None:
    started = time.monotonic()
    with authorizer() as node:
        print(f"  a roster of {COLLABORATORS:,} (ready after {time.monotonic() - started:.0f} s)", flush=True)
        reviews(node)
        proxied(node)
