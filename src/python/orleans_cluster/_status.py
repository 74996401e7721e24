"""The status document as Python sees it. Fields of newer servers are in ``raw``."""
from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Mapping, Optional, Tuple

from ._types import Column, converter

TERMINAL = frozenset(["SUCCEEDED", "FAILED", "CANCELLED"])
_time = converter("TIMESTAMP WITH TIME ZONE")


@dataclass(frozen=True)
class Stage:
    """One stage of a job and how many of its partitions are committed."""

    index: int
    name: str
    total: int
    completed: int


@dataclass(frozen=True)
class Progress:
    """How far a job is. ``fraction`` never goes back."""

    fraction: float
    bytes_done: int
    bytes_total: int
    rows_done: int
    total: int
    completed: int
    running: int
    waiting: int
    retried: int
    stages: Tuple[Stage, ...]
    eta_seconds: Optional[float]
    eta_seconds_high: Optional[float]

    def __str__(self) -> str:
        return f"{self.fraction:.1%}, {self.completed} of {self.total} partitions"


@dataclass(frozen=True)
class JobStatus:
    """A job at one moment. ``reason`` is always set while it has not ended."""

    id: str
    name: Optional[str]
    operation: str
    priority: str
    status: str
    revision: int
    created_at: Optional[dt.datetime]
    started_at: Optional[dt.datetime]
    finished_at: Optional[dt.datetime]
    progress: Progress
    reason_code: Optional[str]
    reason: Optional[str]
    error: Optional[Mapping[str, Any]]
    columns: Optional[Tuple[Column, ...]]
    rows: Optional[int]
    quarantined_rows: int
    raw: Mapping[str, Any] = field(repr=False)

    @property
    def is_over(self) -> bool:
        return self.status in TERMINAL

    @property
    def why(self) -> str:
        """One sentence: why it waits, what it does, or why it ended as it did."""
        if self.error:
            return str(self.error.get("detail") or self.error.get("title"))
        if self.is_over:
            return "The job was cancelled." if self.status == "CANCELLED" else "The job succeeded."
        return f"{self.reason_code}: {self.reason}" if self.reason else str(self.reason_code or self.status)

    @staticmethod
    def of(document: Mapping[str, Any]) -> "JobStatus":
        reason = document.get("reason") or {}
        result = document.get("result") or {}
        columns = result.get("columns")
        return JobStatus(
            id=str(document["id"]),
            name=document.get("name"),
            operation=str(document.get("operation")),
            priority=str(document.get("priority")),
            status=str(document["status"]),
            revision=int(document.get("revision") or 0),
            created_at=_time(document.get("createdAt")),
            started_at=_time(document.get("startedAt")),
            finished_at=_time(document.get("finishedAt")),
            progress=_progress(document),
            reason_code=reason.get("code"),
            reason=reason.get("detail"),
            error=document.get("error"),
            rows=result.get("rows"),
            columns=None if columns is None else tuple(Column(each["name"], each["type"]) for each in columns),
            quarantined_rows=int(document.get("quarantinedRows") or 0),
            raw=document,
        )


def _progress(document: Mapping[str, Any]) -> Progress:
    given = document.get("progress") or {}
    counts = given.get("partitions") or {}
    eta = document.get("eta") or {}
    stages = tuple(
        Stage(int(each["index"]), str(each["name"]), int(each.get("total") or 0), int(each.get("completed") or 0))
        for each in given.get("stages") or []
    )
    return Progress(
        float(given.get("fraction") or 0),
        int(given.get("bytesDone") or 0),
        int(given.get("bytesTotal") or 0),
        int(given.get("rowsDone") or 0),
        int(counts.get("total") or 0),
        int(counts.get("completed") or 0),
        int(counts.get("running") or 0),
        int(counts.get("waiting") or 0),
        int(counts.get("retried") or 0),
        stages,
        eta.get("seconds"),
        eta.get("secondsHigh"),
    )
