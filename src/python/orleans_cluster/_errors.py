"""What can go wrong, as exceptions. Each says what happened, where, and what to do."""
from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence, Tuple


@dataclass(frozen=True)
class Fault:
    """One fault of a request: the place as a JSON pointer (``/parameters/where``), its code, and what to do."""

    pointer: str
    code: str
    detail: str


class OrleansClusterError(Exception):
    """Base of every exception of this package.

    ``code`` is a stable word, ``message`` says what happened, ``hint`` what to do, ``place`` where in the request or query.
    """

    def __init__(self, code: str, message: str, hint: Optional[str] = None, place: Optional[str] = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.place = place

    def __str__(self) -> str:
        at = f" (at {self.place})" if self.place else ""
        return f"{self.code}: {self.message}{at}" + (f"\nHint: {self.hint}" if self.hint else "")


class Unreachable(OrleansClusterError, ConnectionError):
    """The gateway cannot be reached, or the connection was lost more often than the retry policy allows."""

    def __init__(self, message: str, hint: Optional[str] = None) -> None:
        super().__init__("unreachable", message, hint)


class WaitTimeout(OrleansClusterError, TimeoutError):
    """The job did not end within the time that was given to ``wait``. The job goes on."""

    def __init__(self, message: str, hint: Optional[str] = None) -> None:
        super().__init__("wait-timeout", message, hint)


class ProtocolError(OrleansClusterError):
    """The answer is not what the contract promises, for example because something else listens at the address."""

    def __init__(self, message: str, hint: Optional[str] = None) -> None:
        super().__init__("protocol-error", message, hint)


class MissingPackage(OrleansClusterError, ImportError):
    """A conversion needs a package that is not installed."""

    def __init__(self, package: str, method: str) -> None:
        super().__init__("missing-package", f"{method} needs {package}, which is not installed.", f"pip install {package}")


class Refused(OrleansClusterError):
    """The cluster refused a request. ``errors`` has every fault with its place; ``status`` is the HTTP status."""

    def __init__(self, problem: Mapping[str, Any], query: Optional[str] = None) -> None:
        self.problem = dict(problem)
        self.status = int(problem.get("status") or 0)
        self.retryable = bool(problem.get("retryable"))
        self.trace_id: Optional[str] = problem.get("traceId")
        self.errors: Tuple[Fault, ...] = tuple(_faults(problem))
        self.query = query
        message = str(problem.get("detail") or problem.get("title") or "The cluster refused the request.")
        others = [fault for fault in self.errors if fault.detail not in message]
        if others:
            message = "\n".join([message] + [f"  {fault.pointer}: {fault.detail}" for fault in others])
        super().__init__(
            str(problem.get("code") or "internal"), message, problem.get("hint"), _place(self.errors, message, query)
        )


class Invalid(Refused):
    """The request is wrong as it stands (400, 422): a typing mistake, a missing file or column, a bad query."""


class NotAuthenticated(Refused):
    """An API key is needed (401)."""


class Forbidden(Refused):
    """The key's role does not allow this (403)."""


class NotFound(Refused):
    """There is no such job, program, key or address (404), or its result has been removed (410)."""


class Conflict(Refused):
    """The request does not fit the state of things (409), for example an output folder that exists."""


class Unavailable(Refused):
    """The cluster cannot take the request now (429, 503), and could not within the retry policy."""


class JobFailed(Refused):
    """The job ended as FAILED. ``job_id`` names it; ``Job.retry`` keeps what it has committed."""

    def __init__(self, job_id: str, problem: Mapping[str, Any], query: Optional[str] = None) -> None:
        super().__init__(problem, query)
        self.job_id = job_id

    def __str__(self) -> str:
        return f"Job {self.job_id} failed. {super().__str__()}"


class JobCancelled(OrleansClusterError):
    """The job was cancelled, so there are no rows."""

    def __init__(self, job_id: str) -> None:
        super().__init__("job-cancelled", f"Job {job_id} was cancelled.", f"cluster.job({job_id!r}).retry() starts it again.")
        self.job_id = job_id


_BY_STATUS = {
    400: Invalid,
    401: NotAuthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    422: Invalid,
    429: Unavailable,
    503: Unavailable,
}


def refusal(problem: Mapping[str, Any], query: Optional[str] = None) -> Refused:
    """The exception of a problem document."""
    faults = _faults(problem)
    if problem.get("hint") is None and any(
        fault.code == "unknown-field" and fault.pointer.endswith("/job") for fault in faults
    ):
        hint = "This server cannot read a job's result as a source. Save it with save(), and read the files with table()."
        problem = {**problem, "hint": hint}
    return _BY_STATUS.get(int(problem.get("status") or 0), Refused)(problem, query)


def _faults(problem: Mapping[str, Any]) -> Sequence[Fault]:
    found = problem.get("errors") or []
    return [
        Fault(str(item.get("pointer", "")), str(item.get("code", "")), str(item.get("detail", "")))
        for item in found
        if isinstance(item, Mapping)
    ]


def _place(errors: Sequence[Fault], message: str, query: Optional[str]) -> Optional[str]:
    """The first fault's pointer and, where the message shows one, the line and column of the query."""
    parts = [errors[0].pointer] if errors and errors[0].pointer else []
    said = re.search(r"\bline (\d+), column (\d+)", message, re.IGNORECASE)
    caret = re.search(r"^(LINE \d+: )(.*)\n( *)\^", message, re.MULTILINE)
    near = re.search(r'at or near "([^"]+)"', message)
    if said:
        parts.append(f"line {said.group(1)}, column {said.group(2)}")
    elif query and (caret or near):
        # The engine shows its own print of the query; its word is looked up in the query as it was written.
        shown = caret.group(2)[max(0, len(caret.group(3)) - len(caret.group(1))) :] if caret else ""
        word = re.match(r'"(?:[^"]|"")*"|\w+|\S', shown)
        token = word.group(0) if word else near.group(1) if near else ""
        found = re.search(rf"(?<!\w){re.escape(token)}(?!\w)", query) if token else None
        if found:
            before = query[: found.start()]
            parts.append(f"line {before.count(chr(10)) + 1}, column {found.start() - (before.rfind(chr(10)) + 1) + 1}")
    return ", ".join(parts) or None
