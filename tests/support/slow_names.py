# SPDX-License-Identifier: Apache-2.0
"""A name service for one program alone that takes its time, behind the accounts in /etc/passwd."""

import subprocess
from pathlib import Path

# "absent" is no name that glibc would look for in a file.
SOURCE = """
#include <errno.h>
#include <nss.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

static enum nss_status take_long(int* error) {
    FILE* file = fopen("@COUNT@", "a");
    if (file) { fputc('.', file); fclose(file); }
    unsigned left = @SECONDS@;  /* sleeps: a name service that takes long */
    do left = left ? sleep(left) : (pause(), 0); while (left || !@SECONDS@);
    *error = ENOENT;
    return NSS_STATUS_NOTFOUND;
}
enum nss_status _nss_slow_getpwuid_r(uid_t u, struct passwd* p, char* b, size_t n, int* error) {
    return take_long(error);
}
enum nss_status _nss_slow_getpwnam_r(const char* l, struct passwd* p, char* b, size_t n, int* error) {
    return take_long(error);
}
"""

NEVER = 0


class SlowNames:
    """seconds: how long each look-up takes; NEVER: it does not return."""

    def __init__(self, directory: Path, seconds: int) -> None:
        self._library = directory / "libnss_slow.so.2"
        self._switch = directory / "nsswitch.conf"
        self._count = directory / "lookups"
        self._count.touch()
        self._count.chmod(0o666)
        source = SOURCE.replace("@SECONDS@", str(seconds)).replace("@COUNT@", str(self._count))
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-w", "-Wl,-soname,libnss_slow.so.2", "-o", self._library,
             "-x", "c", "-"], input=source, text=True, check=True)
        self._switch.write_text("passwd: files slow\ngroup: files\nshadow: files\nhosts: files\n")

    def lookups(self) -> int:
        """Begun since the start."""
        return self._count.stat().st_size

    def before(self) -> list[str | Path]:
        """What to put before the command that is to see it."""
        script = (f'mount --bind {self._switch} /etc/nsswitch.conf && '
                  f'export LD_LIBRARY_PATH={self._library.parent} && exec "$@"')
        return ["unshare", "--mount", "--propagation=unchanged", "sh", "-c", script, "sh"]
