# SPDX-License-Identifier: Apache-2.0
"""Certificates of a small authority of certificates, good ones and bad ones."""

import ssl
import subprocess
from pathlib import Path

HOST = "authority.example"
ADDRESSES = f"subjectAltName=IP:127.0.0.1,DNS:{HOST}"
ECDSA = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Certificates:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.chmod(0o755)  # the unprivileged child reads the authority's certificate
        self.ca_file = folder / "ca.pem"
        self._make("-x509", *ECDSA, "-keyout", self._key("ca"), "-out", self.ca_file,
                   "-days", "30", "-subj", "/CN=test authority",
                   "-addext", "keyUsage=critical,keyCertSign,cRLSign")  # which Python asks for from 3.13 on

    def context(self, name: str, alternatives: str = ADDRESSES, *days: str) -> ssl.SSLContext:
        """A server's, with a certificate that the ca_file vouches for."""
        self.issue(name, f"/CN={name}", alternatives, *days)
        return self._served(name)

    def issue(self, name: str, subject: str, alternatives: str = ADDRESSES, *days: str) -> tuple[Path, Path]:
        """A certificate and its key: NAME.pem, NAME.key."""
        request, certificate = self.folder / f"{name}.csr", self.folder / f"{name}.pem"
        self._make(*ECDSA, "-keyout", self._key(name), "-out", request, "-subj", subject,
                   "-addext", alternatives)
        self._openssl("x509", "-req", "-in", request, "-out", certificate, "-CA", self.ca_file,
                      "-CAkey", self._key("ca"), "-CAcreateserial", "-copy_extensions", "copy",
                      *(days or ("-days", "30")))
        return certificate, self._key(name)

    def self_signed(self) -> ssl.SSLContext:
        name = "self_signed"
        self._make("-x509", *ECDSA, "-keyout", self._key(name), "-out",
                   self.folder / f"{name}.pem", "-days", "30", "-subj", f"/CN={HOST}",
                   "-addext", ADDRESSES)
        return self._served(name)

    def expired(self) -> ssl.SSLContext:
        # At once: a date in the past is an error to OpenSSL 3.4.
        return self.context("expired", ADDRESSES, "-days", "0")

    def _served(self, name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}.pem", self._key(name))
        return context

    def _key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def _make(self, *arguments: str | Path) -> None:
        self._openssl("req", *arguments)

    @staticmethod
    def _openssl(*arguments: str | Path) -> None:
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
