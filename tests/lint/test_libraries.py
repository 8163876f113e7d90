# SPDX-License-Identifier: Apache-2.0
"""What libraries.py says of includes and calls."""

import pytest

from lint import libraries


@pytest.mark.parametrize(("name", "line", "refused"), [
    ("common/decision/gate.cpp", "#include <json/value.h>", True),
    ("common/decision/gate.cpp", "#include <curl/curl.h>", True),
    ("common/decision/gate.cpp", "#include <netdb.h>", True),
    ("common/decision/gate.cpp", "#include <sys/socket.h>", True),
    ("common/system/datagram_socket.cpp", "#include <sys/socket.h>", False),
    ("common/system/datagram_socket.cpp", "::socket(AF_UNIX, SOCK_DGRAM, 0)", False),
    ("common/system/datagram_socket.cpp", "::socket(AF_INET, SOCK_DGRAM, 0)", True),
    ("common/system/datagram_socket.cpp", "::socket(family, SOCK_DGRAM, 0)", True),
    ("togetherctl/node/roster.cpp", "#include <curl/curl.h>", True),
    ("togetherctl/node/roster.cpp", "::getaddrinfo(name, nullptr, nullptr, &found)", True),
    ("http_client/http_client.cpp", "::socket(address->family, address->socktype, 0)", False),
    ("togetherctl/doctor/report.cpp", "#include <json/writer.h>", False),
    ("nss_together/group.cpp", "#include <string>", True),
    ("nss_together/group.cpp", "#include <xxhash.h>", True),
    ("nss_together/group.cpp", "#include <grp.h>", False),
    ("pam_together/pam_handle.cpp", "#include <newlib/new.h>", True),
    ("spank_together/step_check.cpp", "#include <sys/types.h>", False),
])
def test_an_include_or_a_call(name: str, line: str, refused: bool) -> None:
    assert bool(libraries.of_file(name, f"{line}\n")) == refused
