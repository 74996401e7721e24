"""Operations that have no method written by hand: each with its parameters, as the reference has them."""

# Made by tools/generate.py from Orleans.Cluster.Contracts; change it there.
from __future__ import annotations

from typing import Any, Dict, Generic, Mapping, Optional, Sequence, TypeVar

from ._reference import described

F = TypeVar("F")

__all__ = ["Operations", "Optional", "Sequence", "described"]


class Operations(Generic[F]):
    """Methods of a frame, one for each operation. ``more`` are parameters of newer servers."""

    def _operated(self, operation: str, parameters: Mapping[str, Any]) -> F:
        raise NotImplementedError


def _given(parameters: Mapping[str, Any], more: Mapping[str, Any]) -> Dict[str, Any]:
    given = {name: value for name, value in parameters.items() if value is not None}
    given.update(more)
    return given
