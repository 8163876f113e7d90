# SPDX-License-Identifier: Apache-2.0
"""A small OpenID Connect issuer on loopback: its discovery document, its key, tokens that it signs."""

import base64
import json
import subprocess
import time
from pathlib import Path
from typing import Any

from support.certificates import Certificates
from support.http_server import HttpServer, Request

AUDIENCE = "kubernetes"


def in_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Issuer(HttpServer):
    def __init__(self, folder: Path, certificates: Certificates) -> None:
        folder.mkdir()
        self._folder = folder
        self._key = folder / "signing.key"
        openssl("genrsa", "-out", self._key, "2048")
        self._ca = certificates.ca_file.read_text()
        super().__init__(self._serve, certificates.context("issuer"))
        self.url = f"https://127.0.0.1:{self.port}"

    def configuration(self, prefix: str, claim: str = "preferred_username") -> dict[str, Any]:
        """An AuthenticationConfiguration that believes it."""
        return {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration", "jwt": [{
            "issuer": {"url": self.url, "audiences": [AUDIENCE], "certificateAuthority": self._ca},
            "claimMappings": {"username": {"claim": claim, "prefix": prefix},
                              "groups": {"claim": "groups", "prefix": "oidc:"}}}]}

    def token(self, seconds: int = 600, **claims: Any) -> str:
        head = in_base64(json.dumps({"alg": "RS256", "kid": "one", "typ": "JWT"}).encode())
        now = int(time.time())
        body = in_base64(json.dumps({"iss": self.url, "aud": AUDIENCE, "iat": now, "exp": now + seconds,
                                     "sub": "1"} | claims).encode())
        signed = f"{head}.{body}"
        (self._folder / "signed").write_text(signed)
        return f"{signed}.{in_base64(openssl('dgst', '-sha256', '-sign', self._key, self._folder / 'signed'))}"

    def _serve(self, request: Request) -> None:
        document = self._keys() if request.path == "/keys" else {
            "issuer": self.url, "jwks_uri": f"{self.url}/keys", "authorization_endpoint": f"{self.url}/authorize",
            "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"]}
        body = json.dumps(document).encode()
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _keys(self) -> dict[str, Any]:
        text = openssl("rsa", "-in", self._key, "-noout", "-modulus").decode()
        modulus = bytes.fromhex(text.strip().split("=")[1])
        return {"keys": [{"kty": "RSA", "kid": "one", "alg": "RS256", "use": "sig", "n": in_base64(modulus),
                          "e": in_base64(b"\x01\x00\x01")}]}


def openssl(*arguments: str | Path) -> bytes:
    done = subprocess.run(["openssl", *arguments], capture_output=True, check=True)
    return done.stdout
