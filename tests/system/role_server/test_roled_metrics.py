# SPDX-License-Identifier: Apache-2.0
"""--metrics: what together-roled counts, as Prometheus reads it, on a listener of its own."""

import http.client
import re
import subprocess

import pytest

from support.long_poll import Waiting
from support.roled import Roled
from support.waiting import wait_until


@pytest.fixture
def counted(tmp_path):
    with Roled(tmp_path, options=["--metrics", "127.0.0.1:0"]) as roled:
        found = wait_until(lambda: re.search(r"metrics at http://127\.0\.0\.1:(\d+)/metrics", roled.log_text()),
                           "the line that says where")
        roled.metrics_port = int(found[1])
        yield roled


def get(roled, target="/metrics"):
    connection = http.client.HTTPConnection("127.0.0.1", roled.metrics_port, timeout=10)
    connection.request("GET", target)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def value(text, series):
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.M)
    return float(found[1]) if found else 0


def test_promtool_finds_nothing_to_say(counted):
    counted.create_project()
    answer, text = get(counted)
    assert answer.status == 200
    assert answer.getheader("content-type") == "text/plain; version=0.0.4; charset=utf-8"
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_requests_refusals_and_commits_are_counted(counted):
    project = counted.create_project()
    counted.get(f"/v1/projects/{project}", token=None)
    counted.get("/v1/nothing")
    _, text = get(counted)
    route = 'route="GET /v1/projects/{proj}"'
    assert value(text, f'together_roled_requests_total{{{route},status="401"}}') == 1
    assert value(text, 'together_roled_requests_total{route="none",status="404"}') == 1
    assert value(text, 'together_roled_requests_total{route="POST /v1/organizations/{org}/projects",status="201"}') == 1
    assert value(text, 'together_roled_refusals_total{reason="missing_token"}') == 1
    assert value(text, "together_roled_commit_seconds_count") == 1
    assert value(text, "together_roled_request_seconds_count") == 3
    assert value(text, "together_roled_audit_dropped_total") == 0
    assert re.search(r'^together_roled_build_info\{version="[0-9.]+"\} 1$', text, re.M)


def test_who_waits_and_is_told(counted):
    project = counted.create_project()
    key = counted.node_key(project)
    etag = counted.roster(project, key).headers["etag"]
    waiting = Waiting(counted, project, key, etag, 20)
    wait_until(lambda: value(get(counted)[1], "together_roled_waiters") == 1, "one who waits")
    counted.add_collaborator(project, counted.add_user("bob"))
    assert waiting.result().status == 200
    wait_until(lambda: value(get(counted)[1], "together_roled_told_seconds_count") == 1, "the time that it took")
    assert value(get(counted)[1], "together_roled_waiters") == 0


def test_no_label_names_anybody(counted):
    project = counted.create_project()
    counted.get(f"/v1/projects/{project}/collaborators/{counted.owner.id}")
    _, text = get(counted)
    for secret in (project, counted.organization, counted.owner.id, counted.owner.token[4:16], "ann", "Acme"):
        assert secret not in text


def test_nothing_else_is_there(counted):
    assert get(counted, "/v1/whoami")[0].status == 404
    assert counted.get("/metrics").status == 404


def test_it_is_off_by_default(roled):
    assert "metrics" not in roled.log_text()
