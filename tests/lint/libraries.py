# SPDX-License-Identifier: Apache-2.0
"""Which folder may use what from outside: libraries, sockets, JSON. So that what is loaded into sshd, slurmctld
and every process that asks for a name has neither network nor JSON, and the name service libc alone."""

import re
import sys
from pathlib import Path

from lint.layers import CHECKOUT, tracked

# By the beginning of an include in <>: a folder and all below it. Sockets are a machine's own but in http_client
# and http_server; arpa/inet.h reads addresses that an administrator wrote.
MAY_USE = {
    "curl/": ("http_client", "together_refresh/http"),
    "json/": ("authorizer", "cli", "role_server", "strict_json", "together_cli", "together_refresh/source",
              "togetherctl"),
    "boost/": ("authorizer", "http_server", "role_server"),
    "openssl/": ("http_server", "role_server/base"),
    "prometheus/": ("role_server/metrics",),
    "soci/": ("role_server/store",),
    "libpq-fe.h": ("role_server/store",),
    "CLI/": ("command_line",),
    "cdb.h": ("common/roster", "together_refresh/update"),
    "ini.h": ("common/config",),
    "security/": ("pam_together",),
    "slurm/": ("spank_together",),
    "tl/": ("",),
    "xxhash.h": ("common/accounts", "common/roster", "together_cli/account"),
    "netdb.h": (),
    "netinet/": ("http_client", "http_server", "together_refresh/update"),
    "arpa/": ("common/config", "common/node_config", "together_refresh/update"),
    "sys/socket.h": ("common/system", "http_client", "http_server", "role_server/store", "together_refresh",
                     "togetherctl/node"),
    "sys/un.h": ("common/node_config", "common/system", "together_refresh", "togetherctl/node"),
}
SYSTEM = re.compile(r"(sys|linux)/")
INCLUDE = re.compile(r"^\s*#\s*include\s+<([^>]+)>", re.MULTILINE)
LIBC = re.compile(r"(sys/)?\w+\.h$")
ANOTHER_MACHINE = re.compile(r"::socket(?:pair)?\((?!AF_UNIX\b)|\b(?:getaddrinfo|gethostbyname2?|getnameinfo)\(")
NETWORK = ("http_client", "http_server")


def may_use(folder: str, begin: str) -> bool:
    return any(not above or folder == above or folder.startswith(above + "/") for above in MAY_USE[begin])


def of_include(name: str, include: str) -> str | None:
    folder = str(Path(name).parent)
    begin = next((one for one in MAY_USE if include.startswith(one)), None)
    if folder == "nss_together" and not LIBC.match(include):
        return f"{name}: <{include}> is not libc's"
    if begin and not may_use(folder, begin):
        return f"{name}: <{include}> is not for {folder}"
    if not begin and "/" in include and not SYSTEM.match(include):
        return f"{name}: <{include}>: tests/lint/libraries.py says for no folder that it may use it"
    return None


def of_file(name: str, text: str) -> list[str]:
    found = [finding for include in INCLUDE.findall(text) if (finding := of_include(name, include))]
    calls = [] if name.startswith(NETWORK) else ANOTHER_MACHINE.findall(text)
    return found + [f"{name}: {call}…) can speak to other machines" for call in calls]


def unused() -> list[str]:
    """A line that lets a folder use what it does not use is in the way of nobody, until it is."""
    texts = {name: INCLUDE.findall((CHECKOUT / name).read_text()) for name in tracked("*.cpp", "*.h", ":!tests")}
    return [f"tests/lint/libraries.py: {above} does not use <{begin}…>" for begin, folders in MAY_USE.items()
            for above in folders if not any(name.startswith(above) and any(one.startswith(begin) for one in includes)
                                            for name, includes in texts.items())]


def findings() -> list[str]:
    found = unused()
    for name in tracked("*.cpp", "*.h", ":!tests", ":!cmake"):
        found += of_file(name, (CHECKOUT / name).read_text())
    return found


if __name__ == "__main__":
    every = findings()
    print("\n".join(every))
    sys.exit(1 if every else 0)
