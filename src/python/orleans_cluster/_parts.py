"""Parts of a result: the files it consists of."""
from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One file of a result as the job wrote it."""

    index: int
    rows: int
    bytes: int
    sha256: str
    """Lower-case hex of the file's content."""


def sha256_of(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
