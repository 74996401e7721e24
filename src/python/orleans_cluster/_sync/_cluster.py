"""The way in: a cluster, its tables, its jobs."""

# Made from _async by tools/generate.py; change it there.
from __future__ import annotations

from typing import Any, Iterator, Dict, List, Mapping, Optional, Sequence, Type, Union
from types import TracebackType

from .._errors import Refused
from .._interrupts import ASK
from .._query import DEFAULT_TABLE, Deferred, Query, name_of_source
from .._reference import described
from .._retry import RetryPolicy
from .._source import Paths, source
from .._status import JobStatus
from .._table import Table
from .._types import Column, converter
from ._frame import Frame
from ._job import Job, read_event
from ._session import Session

Tabular = Union[str, Sequence[str], Mapping[str, Any], Frame, Job]


class Cluster:
    """A cluster behind one gateway.

    url: its address; by default ``ORLEANS_CLUSTER_URL`` or http://127.0.0.1:8001.
    api_key: by default ``ORLEANS_CLUSTER_API_KEY``.
    timeout: seconds that a single answer may take to begin, or to go on.
    retry: what is sent again, how often, and how long that may take.
    progress: whether waiting shows a bar or panel; by default where somebody can see it.
    on_interrupt: ``ask``, ``keep`` or ``cancel`` the job when Ctrl-C ends a wait.
    ca_file: authorities of the gateway's certificate, by default the system's.
    """

    def __init__(
        self,
        url: Optional[str] = None,
        api_key: Optional[str] = None,
        *,
        timeout: float = 60.0,
        retry: RetryPolicy = RetryPolicy(),
        progress: Optional[bool] = None,
        on_interrupt: str = ASK,
        ca_file: Optional[str] = None,
    ) -> None:
        if on_interrupt not in ("ask", "keep", "cancel"):
            raise ValueError(f"on_interrupt is ask, keep or cancel, not {on_interrupt!r}.")
        self._session = Session(url, api_key, timeout, retry, ca_file)
        self.progress = progress
        self.on_interrupt = on_interrupt

    @property
    def url(self) -> str:
        return self._session.address.url

    # Tables.

    def table(self, path: Union[Paths, Job, None] = None, format: Optional[str] = None, **options: Any) -> Frame:
        """A lazy table of files inside the cluster's data roots, of a job's result, or of the default dataset without arguments.

        path: a path, a glob or a list of them, as the cluster sees them; or a Job.
        format: CSV, PARQUET, ...; found out when absent.
        options: delimiter, header, null_values, columns, ... as ``orleans_cluster.source`` has them.
        """
        if path is None:
            return Frame(self, Query.table(DEFAULT_TABLE, None))
        if isinstance(path, Job):
            producer = Deferred(path)
            return Frame(self, Query.table(f"job_{path.id.lower()}", producer))
        made = source(path, format, **options)
        return Frame(self, Query.table(name_of_source(made), made))

    def read_csv(self, path: Paths, **options: Any) -> Frame:
        """``table`` of delimited text."""
        return self.table(path, "CSV", **options)

    def read_parquet(self, path: Paths, **options: Any) -> Frame:
        """``table`` of Parquet files."""
        return self.table(path, "PARQUET", **options)

    def read_json(self, path: Paths, lines: bool = True, **options: Any) -> Frame:
        """``table`` of JSON, one object a line unless ``lines=False``."""
        return self.table(path, "NDJSON" if lines else "JSON", **options)

    scan_csv, scan_parquet, scan_ndjson = read_csv, read_parquet, read_json

    @described("sql")
    def sql(self, query: str, **tables: Tabular) -> Frame:
        """Each name of the query is a path or a list of them, a ``source(...)``, a Frame or a Job; ``source`` is the default dataset."""
        inputs: Dict[str, Any] = {}
        for name, given in tables.items():
            if isinstance(given, (Frame, Job)):
                inputs[name] = Deferred(given)
            elif isinstance(given, Mapping):
                inputs[name] = dict(given)
            else:
                inputs[name] = source(given)
        return Frame(self, Query.text(query, inputs or {DEFAULT_TABLE: None}))

    def concat(self, frames: Sequence[Frame]) -> Frame:
        """Rows of all frames, one after the other."""
        return frames[0].union(*frames[1:])

    @described("PartitionData")
    def partition(
        self, path: Union[Paths, Mapping[str, Any], None] = None, target_bytes: Optional[int] = None, **options: Any
    ) -> Dict[str, Any]:
        body: Dict[str, Any] = {}
        if path is not None:
            body["source"] = dict(path) if isinstance(path, Mapping) else source(path, **options)
        if target_bytes is not None:
            body["partitioning"] = {"targetBytes": target_bytes}
        return dict(self._session.document("POST", "/data/partition", body=body, again=True))

    def preview(self, path: Union[Paths, Mapping[str, Any]], limit: int = 20, **options: Any) -> Table:
        """The first rows of files as they would be read; no job is made where the cluster can do it."""
        made = dict(path) if isinstance(path, Mapping) else source(path, **options)
        try:
            document = self._session.document(
                "POST", "/data/preview", body={"source": made, "limit": limit}, again=True
            )
        except Refused as refused:
            if refused.code != "not-found":
                raise
            return Frame(self, Query.table(name_of_source(made), made)).limit(limit).compute()
        columns = [Column(each["name"], each["type"]) for each in document["columns"]]
        converters = [converter(column.type) for column in columns]
        rows = [tuple(convert(value) for convert, value in zip(converters, row)) for row in document["rows"]]
        return Table(columns, rows, len(rows))

    def browse(self, path: str = "") -> Iterator[Dict[str, Any]]:
        """Folders and files below the data roots."""
        for item in self._pages("/data/browse", {"path": path}, "entries"):
            yield item

    # Jobs.

    @described("SubmitJob")
    def submit(self, spec: Mapping[str, Any], *, key: Optional[str] = None, query: Optional[str] = None) -> Job:
        """spec: the job as the contract writes it.

        key: an idempotency key; every submit has one, so that none is made twice.
        """
        return Job(self, JobStatus.of(self._session.submit(spec, key, query)), query)

    def job(self, id: str) -> Job:
        """A job by its id, for example one that an earlier program submitted."""
        return Job(self, JobStatus.of(self._session.document("GET", f"/jobs/{id}/status")))

    @described("ListJobs")
    def jobs(
        self,
        status: Union[str, Sequence[str], None] = None,
        *,
        priority: Optional[str] = None,
        operation: Optional[str] = None,
        created_after: Optional[str] = None,
        created_before: Optional[str] = None,
        text: Optional[str] = None,
        labels: Optional[Mapping[str, str]] = None,
        limit: Optional[int] = None,
    ) -> Iterator[Job]:
        """Read page by page as the loop goes on."""
        words = [status] if isinstance(status, str) else status
        parameters: Dict[str, Any] = {
            "status": [word.upper() for word in words] if words else None,
            "priority": priority and priority.upper(),
            "operation": operation,
            "createdAfter": created_after,
            "createdBefore": created_before,
            "text": text,
            **{f"label.{name}": value for name, value in (labels or {}).items()},
        }
        count = 0
        for item in self._pages("/jobs/list", parameters):
            if limit is not None and count >= limit:
                return
            count += 1
            yield Job(self, JobStatus.of(item))

    # The cluster itself.

    @described("GetClusterStatus")
    def status(self) -> Dict[str, Any]:
        return dict(self._session.document("GET", "/cluster/status"))

    @described("StartCluster")
    def start(self, workers: Optional[int] = None, **settings: Any) -> Dict[str, Any]:
        body = {**({"workers": workers} if workers is not None else {}), **settings}
        return dict(self._session.document("POST", "/cluster/start", body=body, again=True))

    @described("StopCluster")
    def stop(self, mode: str = "DRAIN") -> Dict[str, Any]:
        return dict(self._session.document("POST", "/cluster/stop", body={"mode": mode.upper()}, again=True))

    @described("ScaleCluster")
    def scale(
        self, workers: Optional[int] = None, *, minimum: Optional[int] = None, maximum: Optional[int] = None
    ) -> Dict[str, Any]:
        given = {"workers": workers, "minWorkers": minimum, "maxWorkers": maximum}
        body = {name: value for name, value in given.items() if value is not None}
        return dict(self._session.document("POST", "/cluster/scale", body=body, again=True))

    def drain(self, worker: str) -> None:
        """One worker takes nothing new and leaves when it is idle."""
        self._session.document("POST", f"/cluster/workers/{worker}/drain", again=True)

    @described("ListScalingDecisions")
    def decisions(self) -> List[Dict[str, Any]]:
        return list(self._session.document("GET", "/cluster/decisions"))

    @described("GetQueueStatus")
    def queue(self) -> Dict[str, Any]:
        return dict(self._session.document("GET", "/queue/status"))

    @described("GetClusterMetrics")
    def metrics(
        self, since: Optional[str] = None, until: Optional[str] = None, step: Optional[int] = None
    ) -> Dict[str, Any]:
        parameters = {"since": since, "until": until, "step": step}
        return dict(self._session.document("GET", "/metrics/cluster", parameters=parameters))

    @described("GetResources")
    def resources(self) -> Dict[str, Any]:
        return dict(self._session.document("GET", "/resources"))

    @described("GetRecommendations")
    def recommendations(self) -> List[Dict[str, Any]]:
        return list((self._session.document("GET", "/resources/recommendations"))["items"])

    @described("GetHealth")
    def health(self) -> Dict[str, Any]:
        return dict(self._session.document("GET", "/health"))

    def functions(self) -> Any:
        """The catalogue of functions that queries may call."""
        return self._session.document("GET", "/functions")

    def formats(self) -> Any:
        """The catalogue of file formats and their options."""
        return self._session.document("GET", "/formats")

    def events(self, last_event_id: Optional[str] = None) -> Iterator[Mapping[str, Any]]:
        """Changes of the whole cluster as they happen: jobs, workers, decisions."""
        for event in self._events("/events", last_event_id):
            yield event

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Any endpoint by its address below ``/api/processing``; the answer's JSON.

        A GET may be sent again, others are sent once.
        """
        return self._session.document(method.upper(), path, body=body)

    def close(self) -> None:
        """Closes the connections. Jobs go on."""
        self._session.close()

    def _validate(self, spec: Mapping[str, Any], query: Optional[str]) -> Any:
        return self._session.document(
            "POST", "/jobs/submit", parameters={"validateOnly": "true"}, body=spec, again=True, query=query
        )

    def _pages(self, path: str, parameters: Mapping[str, Any], member: str = "items") -> Iterator[Dict[str, Any]]:
        token: Optional[str] = None
        while True:
            page = self._session.document("GET", path, parameters={**parameters, "pageToken": token})
            for item in page[member]:
                yield item
            token = page.get("nextPageToken")
            if token is None:
                return

    def _events(self, path: str, last_event_id: Optional[str]) -> Iterator[Mapping[str, Any]]:
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        answer = self._session.send("GET", path, headers=headers, accept="text/event-stream", timeout=3600)
        text, lines = "", []
        with answer.response as response:
            for data in response.chunks():
                text += data.decode("utf-8", "replace").replace("\r", "")
                *whole, text = text.split("\n")
                for line in whole:
                    if line:
                        lines.append(line)
                        continue
                    event = read_event(lines)
                    lines = []
                    if event is not None:
                        yield event

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], value: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url}>"
