"""A certificate authority for one test, made with the openssl command."""

from __future__ import annotations

import subprocess
from pathlib import Path


class Authority:
    """Signs certificates for `localhost` and for clients; everything lies in one folder."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.file = folder / f"{name}.pem"
        self._key = folder / f"{name}.key"
        _openssl("req", "-x509", *_new_key(self._key), "-days", "2", "-subj", f"/CN=test {name}", "-out", self.file)

    def sign(self, name: str) -> tuple[Path, Path]:
        """A certificate for a name, and its key."""
        key, asked, signed = (self._folder / f"{name}.{end}" for end in ("key", "csr", "pem"))
        extra = self._folder / f"{name}.ext"
        extra.write_text(f"subjectAltName=DNS:{name},IP:127.0.0.1\n")
        _openssl("req", *_new_key(key), "-subj", f"/CN={name}", "-out", asked)
        by = ("-CA", self.file, "-CAkey", self._key, "-CAcreateserial")
        _openssl("x509", "-req", "-in", asked, *by, "-days", "2", "-extfile", extra, "-out", signed)
        return signed, key


def _new_key(key: Path) -> tuple[object, ...]:
    return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
