# SPDX-License-Identifier: Apache-2.0
"""What a host may grow by."""


def nothing_grew(growth: dict[str, int]) -> None:
    """In nine hundred logins: less than the smallest block at each third of them, or than a page at
    each."""
    print(growth, end=" ")
    assert growth["descriptors"] == growth["children"] == 0, growth
    assert growth["mappings"] < 20, growth
    assert growth["allocated"] < 8 * 1024 and growth["address space"] < 3 * 1024 * 1024, growth
