"""A job: where it is, what it made, and what can be done with it."""

# Made from _async by tools/generate.py; change it there.
from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Iterator, Dict, List, Mapping, Optional

from .._errors import JobCancelled, JobFailed, Refused, WaitTimeout
from .._interrupts import wants_cancel
from .._progress import Display, panel
from .._reference import described
from .._status import JobStatus, Progress
from .._types import Column
from ._result import Result

if TYPE_CHECKING:
    from ._cluster import Cluster
    from ._session import Session

_POLL_SECONDS = 20


class Job:
    """One job. ``status``, ``progress`` and ``why`` ask the cluster each time."""

    def __init__(self, cluster: "Cluster", status: JobStatus, query: Optional[str] = None) -> None:
        self.id = status.id
        self.cluster = cluster
        self.last = status
        self._query = query

    @property
    def name(self) -> Optional[str]:
        return self.last.name

    @property
    def _session(self) -> "Session":
        return self.cluster._session

    @described("GetStatus")
    def refresh(self) -> JobStatus:
        self.last = JobStatus.of(self._session.document("GET", f"/jobs/{self.id}/status"))
        return self.last

    @property
    def status(self) -> str:
        """Where it is in its life: QUEUED, PLANNING, RUNNING, PUBLISHING, CANCELLING, SUCCEEDED, FAILED or CANCELLED."""
        return (self.refresh()).status

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return (self.refresh()).progress

    @property
    def why(self) -> str:
        """Why it waits, what it does, or why it ended as it did."""
        return (self.refresh()).why

    def wait(self, timeout: Optional[float] = None, progress: Optional[bool] = None) -> "Job":
        """Waits until the job has ended well.

        timeout: seconds, then WaitTimeout; the job goes on.
        progress: whether to show a bar or panel; by default where somebody can see it.
        Raises JobFailed and JobCancelled. Ctrl-C asks whether the job shall go on.
        """
        status = self.wait_until_over(timeout, progress)
        if status.status == "FAILED":
            raise JobFailed(self.id, status.error or {}, self._query)
        if status.status == "CANCELLED":
            raise JobCancelled(self.id)
        return self

    def wait_until_over(self, timeout: Optional[float] = None, progress: Optional[bool] = None) -> JobStatus:
        """As ``wait``, but gives the last status, however the job ended."""
        deadline = None if timeout is None else time.monotonic() + timeout
        display = Display(self.cluster.progress if progress is None else progress)
        try:
            while not self.last.is_over:
                display.update(self.last)
                left = _POLL_SECONDS if deadline is None else deadline - time.monotonic()
                if left <= 0:
                    raise WaitTimeout(
                        f"Job {self.id} has not ended after {timeout:g} s. {self.last.why}",
                        f"It goes on; cluster.job({self.id!r}).wait() waits again.",
                    )
                self._await_change(min(left, _POLL_SECONDS if display._length or display._handle else 1))
        except KeyboardInterrupt:
            display.close(None)
            if wants_cancel(self.cluster.on_interrupt, self.id):
                self.cancel()
            raise
        finally:
            display.close(self.last)
        return self.last

    def _await_change(self, seconds: float) -> None:
        wait = max(1, int(seconds))
        headers = {"Prefer": f"wait={wait}", "If-None-Match": f'"{self.last.revision}"'}
        answer = self._session.send(
            "GET", f"/jobs/{self.id}/status", headers=headers, timeout=wait + self._session.timeout, whole=True
        )
        if answer.status == 200:
            self.last = JobStatus.of(self._session.parse(answer.body, "/jobs/status"))

    def result(self) -> Result:
        """Its rows, once it has succeeded; waits until then."""
        self.wait()
        if self.last.columns is None:
            self.refresh()
        columns = self.last.columns or ()
        return Result(self, columns, self.last.rows or 0)

    @described("GetQuarantine")
    def quarantine(self) -> Result:
        document = self._session.document("GET", f"/jobs/{self.id}/quarantine", parameters={"limit": 0})
        columns = tuple(Column(each["name"], each["type"]) for each in document["columns"])
        return Result(self, columns, int(document["totalRows"]), "quarantine")

    @described("CancelJob")
    def cancel(self) -> JobStatus:
        self.last = JobStatus.of(self._session.document("POST", f"/jobs/{self.id}/cancel", again=True))
        return self.last

    @described("RetryJob")
    def retry(self) -> "Job":
        # Sent once: where the answer is lost, status tells whether it arrived, and a second retry would be another order.
        self.last = JobStatus.of(self._session.document("POST", f"/jobs/{self.id}/retry"))
        return self

    @described("DeleteJob")
    def delete(self) -> None:
        try:
            self._session.document("DELETE", f"/jobs/{self.id}", again=True)
        except Refused as refused:
            if refused.code != "job-not-found":
                raise

    @described("GetPlan")
    def plan(self) -> Dict[str, Any]:
        return dict(self._session.document("GET", f"/jobs/{self.id}/plan"))

    @described("GetLog")
    def logs(self) -> List[Dict[str, Any]]:
        return list((self._session.document("GET", f"/jobs/{self.id}/logs"))["items"])

    @described("ListCallbacks")
    def callbacks(self) -> List[Dict[str, Any]]:
        return list((self._session.document("GET", f"/jobs/{self.id}/callbacks"))["items"])

    @described("ListPartitions")
    def partitions(self) -> Iterator[Dict[str, Any]]:
        for item in self.cluster._pages(f"/jobs/{self.id}/partitions", {}):
            yield item

    def document(self, part: str = "") -> Any:
        """A document of the job by the end of its address: ``""`` (with its spec), ``story``, ``result/parts`` ..."""
        return self._session.document("GET", f"/jobs/{self.id}" + (f"/{part}" if part else ""))

    def story(self) -> Dict[str, Any]:
        """Where the time went, what was found, and what to change."""
        return dict(self.document("story"))

    @property
    def spec(self) -> Dict[str, Any]:
        """The job as it was submitted."""
        return dict((self.document())["spec"])

    @described("GetEvents")
    def events(self, last_event_id: Optional[str] = None) -> Iterator[Mapping[str, Any]]:
        for event in self.cluster._events(f"/jobs/{self.id}/events", last_event_id):
            yield event

    def __repr__(self) -> str:
        title = f" {self.last.name!r}" if self.last.name else ""
        return (
            f"<{type(self).__name__} {self.id}{title} {self.last.status} {self.last.progress.fraction:.0%}: {self.last.why}>"
        )

    def _repr_html_(self) -> str:
        return panel(self.last)


def read_event(lines: List[str]) -> Optional[Mapping[str, Any]]:
    """A server-sent event as ``{"id", "event", "data"}``; None for a comment."""
    event: Dict[str, Any] = {"id": None, "event": "message"}
    data = []
    for line in lines:
        name, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if name == "data":
            data.append(value)
        elif name in ("id", "event"):
            event[name] = value
    if not data:
        return None
    text = "\n".join(data)
    try:
        event["data"] = json.loads(text)
    except ValueError:
        event["data"] = text
    return event
