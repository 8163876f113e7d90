# SPDX-License-Identifier: Apache-2.0
"""Alert rules and dashboard, against promtool and a real Prometheus that scrapes what a real watcher wrote.

The packages bring both as examples; docs/monitoring.md names each alert."""

import http.server
import json
import re
import shutil
import socket
import subprocess
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.node import build_folder
from support.roster_file import RosterFile
from support.waiting import wait_until

CHECKOUT = Path(__file__).resolve().parents[2]
MONITORING = CHECKOUT / "packaging" / "monitoring"
ALERTS = MONITORING / "together-alerts.yml"
DASHBOARD = MONITORING / "together-dashboard.json"
PROJECT = "proj_123"


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def expressions() -> list[str]:
    return [target["expr"] for panel in json.loads(DASHBOARD.read_text())["panels"] for target in panel["targets"]]


def promtool(*arguments: str | Path) -> str:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, cwd=MONITORING)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_promtool_takes_the_rules() -> None:
    assert f"{len(rules())} rules found" in promtool("check", "rules", ALERTS)


def test_each_alert_comes_where_it_should_and_nowhere_else() -> None:
    promtool("test", "rules", MONITORING / "together-alerts.test.yml")
    cases = [case for test in yaml.safe_load((MONITORING / "together-alerts.test.yml").read_text())["tests"]
             for case in test["alert_rule_test"]]
    names = {rule["alert"] for rule in rules()}
    assert {case["alertname"] for case in cases if case.get("exp_alerts")} == names
    assert {case["alertname"] for case in cases if not case.get("exp_alerts")} == names


def test_the_document_names_each_alert() -> None:
    text = (CHECKOUT / "docs" / "monitoring.md").read_text()
    assert {rule["alert"] for rule in rules()} == set(re.findall(r"\| `(Together\w+)` \|", text))


@pytest.fixture(scope="module")
def textfile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """As together-refresh --watch of a node with a roster writes it, in a sandbox of its own."""
    folder = tmp_path_factory.mktemp("node")
    roster = RosterFile(folder / "roster.json", PROJECT)
    roster.add("alice", "admin", uid=20001)
    roster.write()
    program = build_folder() / "together_refresh" / "together-refresh"
    config, metrics = folder / "together.conf", folder / "together.prom"
    config.write_text(f"[api]\nbase_url = {roster.path.as_uri()}\nproject = {PROJECT}\n"
                      f"[roster]\ndirectory = {folder}/cache\n[metrics]\ntextfile = {metrics}\n")
    (folder / "cache").mkdir(mode=0o755)
    line = "login=alice action=ssh.login verdict=deny reason=uid_differs"
    # In a chroot / is no mount, so unshare itself cannot make it private.
    script = f"""
mount --make-rprivate / 2>/dev/null
set -e
mount --make-rprivate /proc
mount -t proc proc /proc
mount -t tmpfs -o mode=755 run /run
{program} --config {config} --watch & watcher=$!
until [ -S /run/together/decisions.sock ]; do sleep 0.05; done
python3 -c "import socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.sendto(b'{line}', '/run/together/decisions.sock')"
until grep -q uid_differs {metrics} 2>/dev/null; do sleep 0.1; done
kill $watcher
"""
    done = subprocess.run(["unshare", "--mount", "--propagation", "unchanged", "--pid", "--fork", "--kill-child", "bash", "-c", script],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    yield metrics.read_text()


def test_promtool_finds_nothing_to_say_of_the_textfile(textfile: str) -> None:
    done = subprocess.run(["promtool", "check", "metrics"], input=textfile, capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, ""), done.stdout + done.stderr


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Exporter(http.server.BaseHTTPRequestHandler):
    """What node_exporter's textfile collector makes of the file."""

    text = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(self.text.encode())

    def log_message(self, *_: object) -> None:
        pass


class Prometheus:
    def __init__(self, folder: Path, text: str) -> None:
        Exporter.text = text + "node_textfile_mtime_seconds{file=\"together.prom\"} 1\n"
        self.exporter = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Exporter)
        threading.Thread(target=self.exporter.serve_forever, daemon=True).start()
        config = folder / "prometheus.yml"
        config.write_text(yaml.safe_dump({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(ALERTS)],
            "scrape_configs": [{"job_name": "node", "static_configs": [
                {"targets": [f"127.0.0.1:{self.exporter.server_address[1]}"]}]}],
        }))
        self.port = free_port()
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=error"], stderr=subprocess.PIPE)

    def ask(self, path: str, **query: str) -> Any:
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def has(self, expression: str) -> bool:
        try:
            return bool(self.ask("query", query=expression)["result"])
        except OSError:
            return False

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        self.exporter.shutdown()


@pytest.fixture(scope="module")
def prometheus(textfile: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    assert shutil.which("prometheus"), "scripts/setup test installs it"
    server = Prometheus(tmp_path_factory.mktemp("prometheus"), textfile)
    try:
        wait_until(lambda: server.has("rate(together_decisions_total[5m])"), "two scrapes", timeout=60)
        yield server
    finally:
        server.end()


@pytest.mark.parametrize("expression", expressions())
def test_each_panel_of_the_dashboard_shows_something(prometheus: Prometheus, expression: str) -> None:
    assert prometheus.has(expression), expression


def test_each_alert_is_made_of_metrics_that_are_there(prometheus: Prometheus) -> None:
    names = {name for rule in rules() for name in re.findall(r"\b(?:together|node)_[a-z_]+", rule["expr"])}
    assert names and all(prometheus.has(name) for name in names), names


def test_a_real_prometheus_loads_the_rules(prometheus: Prometheus) -> None:
    loaded = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
    assert {rule["name"] for rule in loaded} == {rule["alert"] for rule in rules()}
    assert all(not rule.get("lastError") for rule in loaded)
