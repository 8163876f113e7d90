# SPDX-License-Identifier: Apache-2.0
"""A control plane behind nginx, which asks the authority first (auth_request), as docs/role-api.md shows it.

The control plane itself is another server of the same nginx that says for whom it did something."""

import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from support.sshd import free_port
from support.waiting import wait_until

CONFIGURATION = """
error_log {directory}/nginx.log;
pid {directory}/nginx.pid;
events {{ }}
http {{
  access_log off;
  map "$request_method $uri" $action {{
    "~^(GET|HEAD) /clusters(/[^/]+)?$" clusters.read;
    "~^POST /clusters/[^/]+/scale$" clusters.scale;
  }}
  server {{
    listen 127.0.0.1:{guard};
    if ($action = "") {{ return 404; }}
    location / {{
      auth_request /authorize;
      error_page 403 = @why;
      auth_request_set $login $upstream_http_together_login;
      proxy_set_header Together-Login $login;
      proxy_set_header Authorization "";
      proxy_pass http://127.0.0.1:{plane};
    }}
    location = /authorize {{
      internal;
      proxy_method GET;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_pass {authority}/v1/projects/{project}/authorize/$action;
    }}
    location @why {{
      rewrite ^ /v1/projects/{project}/authorize/$action break;
      proxy_method GET;
      proxy_set_body "";
      proxy_pass {authority};
    }}
  }}
  server {{
    listen 127.0.0.1:{plane};
    location / {{ return 200 "$action for $http_together_login"; }}
  }}
}}
"""


class GuardedControlPlane:
    """Use as a context manager, in a sandbox. `authority` is its address, as a URL."""

    def __init__(self, directory: Path, authority: str, project: str) -> None:
        self.url = f"http://127.0.0.1:{(guard := free_port())}"
        self.configuration = directory / "nginx.conf"
        self.configuration.write_text(CONFIGURATION.format(
            directory=directory, guard=guard, plane=free_port(), authority=authority, project=project))

    def __enter__(self) -> "GuardedControlPlane":
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-c", self.configuration, "-g", "daemon off;"],
                                        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._answers, "nginx")
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(10)

    def ask(self, method: str, path: str, token: str) -> tuple[int, str]:
        """Status and text."""
        request = urllib.request.Request(self.url + path, method=method, headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def _answers(self) -> bool:
        try:
            return self.ask("GET", "/", "")[0] == 404
        except urllib.error.URLError:
            return False
