"""Where a gateway is, and how to speak TLS with it."""
from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from typing import Mapping, Optional
from urllib.parse import urlsplit

DEFAULT = "http://127.0.0.1:8001"


@dataclass(frozen=True)
class Address:
    """A gateway's address, taken apart."""

    scheme: str
    host: str
    port: int
    prefix: str

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.prefix}"

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @staticmethod
    def parse(url: str) -> "Address":
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is not an address. Write it as http://host:port.")
        return Address(
            parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80), parts.path.rstrip("/")
        )

    def tls(self, ca_file: Optional[str]) -> Optional[ssl.SSLContext]:
        """The machine's authorities, or those of a file; None without TLS. ``SSL_CERT_FILE`` is honoured."""
        return ssl.create_default_context(cafile=ca_file) if self.scheme == "https" else None


def default_url(environment: Mapping[str, str] = os.environ) -> str:
    """``ORLEANS_CLUSTER_URL``, or the command line's ``ORLEANS_CLUSTER_SERVER``, or loopback."""
    return environment.get("ORLEANS_CLUSTER_URL") or environment.get("ORLEANS_CLUSTER_SERVER") or DEFAULT


def default_key(environment: Mapping[str, str] = os.environ) -> Optional[str]:
    return environment.get("ORLEANS_CLUSTER_API_KEY") or None


class NotSent(ConnectionError):
    """No connection could be made: the server has not seen the request."""


class Lost(ConnectionError):
    """The connection broke: whether the server has seen the request is not known."""
