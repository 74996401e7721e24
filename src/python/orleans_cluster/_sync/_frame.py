"""A lazy table: a query that runs once, when rows are wanted."""

# Made from _async by tools/generate.py; change it there.
from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Iterator, Dict, List, Mapping, Optional, Sequence, Tuple, Union, cast

from .._errors import OrleansClusterError
from .._query import DEFAULT_TABLE, Deferred, Query, with_tables
from .._reference import described
from .._shaping import Shaping
from .._table import Table
from .._types import Column
from ._job import Job
from ._result import Result

if TYPE_CHECKING:
    from ._cluster import Cluster


class Frame(Shaping["Frame"]):
    """A lazy table.

    Methods that shape it cost nothing and give another one; those that want rows run one job, whose result is kept.
    """

    def __init__(
        self,
        cluster: "Cluster",
        query: Query,
        operation: Optional[str] = None,
        parameters: Optional[Mapping[str, Any]] = None,
    ) -> None:
        self.cluster = cluster
        self._query = query
        self._operation = operation
        self._parameters = dict(parameters or {})
        self._job: Optional[Job] = None
        self._plan: Optional[Dict[str, Any]] = None

    # Looking: nothing runs either.

    def sql(self) -> str:
        """The query as text. Inputs that must run first show as their names."""
        if self._operation is not None:
            raise OrleansClusterError("not-sql", f"{self._operation} is an operation of the cluster, not a query.")
        return self._query.sql()

    @described("GetPlan")
    def explain(self) -> Dict[str, Any]:
        """The plan that a job of it would follow: stages, partitions, estimates, warnings."""
        if self._plan is None:
            self._plan = dict(self.cluster._validate(self._spec({}), self._text()))
        return self._plan

    @property
    def schema(self) -> Tuple[Column, ...]:
        """Columns and their types. Nothing runs, unless an input has to."""
        plan = self.explain()
        return tuple(Column(each["name"], each["type"]) for each in plan["columns"])

    @property
    def columns(self) -> List[str]:
        return [column.name for column in self.schema]

    @property
    def dtypes(self) -> Dict[str, str]:
        return {column.name: column.type for column in self.schema}

    # Running.

    def submit(
        self,
        name: Optional[str] = None,
        priority: Optional[str] = None,
        *,
        key: Optional[str] = None,
        output: Optional[Mapping[str, Any]] = None,
        labels: Optional[Mapping[str, str]] = None,
        **settings: Any,
    ) -> Job:
        """Submits it as a job and gives the job at once.

        key: an idempotency key: the same submit with the same key, within 24 h, is the same job, also after this program died.
        settings: further members of the job by their names in the contract: ``timeoutSeconds=60``, ``onBadRow="QUARANTINE"``.
        """
        more: Dict[str, Any] = {**settings}
        given = {
            "name": name,
            "priority": priority and priority.upper(),
            "output": output and dict(output),
            "labels": labels and dict(labels),
        }
        more.update({member: value for member, value in given.items() if value is not None})
        return self.cluster.submit(self._spec(more), key=key, query=self._text())

    def save(
        self,
        path: str,
        format: str = "PARQUET",
        mode: str = "ERROR_IF_EXISTS",
        *,
        partition_by: Union[str, Sequence[str], None] = None,
        compression: Optional[str] = None,
        wait: bool = True,
        **settings: Any,
    ) -> Job:
        """Writes the rows into a folder inside the cluster's data roots, and waits for it."""
        output: Dict[str, Any] = {"path": path, "format": format.upper(), "mode": mode.upper()}
        if partition_by is not None:
            output["partitionBy"] = [partition_by] if isinstance(partition_by, str) else list(partition_by)
        if compression is not None:
            output["compression"] = compression
        job = self.submit(output=output, **settings)
        return job.wait() if wait else job

    def job(self) -> Job:
        """Its job, submitted now if it was not yet."""
        if self._job is None:
            self._job = self.submit()
        return self._job

    def result(self) -> Result:
        """Its rows; runs its job if it has not run yet, and waits."""
        return (self.job()).result()

    def compute(self) -> Table:
        """All rows, in memory."""
        return (self.result()).table()

    collect = execute = compute

    def head(self, n: int = 5) -> Table:
        """The first rows. Where a job of all rows would only read and filter, a small one with a limit is run instead."""
        if self._job is None and self._operation is None and len((self.explain())["stages"]) == 1:
            return self._with(self._query.limited(n)).compute()
        return (self.result()).head(n)

    def item(self) -> Any:
        """The one value of a frame of one row and one column."""
        return (self.result()).item()

    def count(self) -> int:
        """How many rows there are."""
        if self._job is not None:
            return (self.result()).total_rows
        return int(self.agg(n="count(*)").item())

    def rows(self, limit: Optional[int] = None) -> Iterator[Dict[str, Any]]:
        """Each row as a dict, in bounded memory."""
        for row in (self.result()).rows(limit):
            yield row

    iter_rows = rows

    def to_dicts(self) -> List[Dict[str, Any]]:
        return (self.result()).to_dicts()

    def to_pandas(self) -> Any:
        return (self.result()).to_pandas()

    def to_arrow(self) -> Any:
        return (self.result()).to_arrow()

    def to_polars(self) -> Any:
        return (self.result()).to_polars()

    def to_csv(self, path: "str | os.PathLike[str]") -> None:
        """Writes the rows to a CSV file on this machine."""
        (self.result()).to_csv(path)

    def to_parquet(self, path: "str | os.PathLike[str]") -> None:
        """Writes the rows to a Parquet file on this machine; ``save`` writes on the cluster's."""
        (self.result()).to_parquet(path)

    def _with(self, query: Query) -> "Frame":
        return Frame(self.cluster, query)

    def _operated(self, operation: str, parameters: Mapping[str, Any]) -> "Frame":
        return Frame(self.cluster, self._query_for_more(), operation, parameters)

    def _query_for_more(self) -> Query:
        """The query that a further clause goes on; of an operation, one over its result."""
        if self._operation is None:
            return self._query
        producer = Deferred(self)
        return Query.table(self._operation.replace("-", "_"), producer)

    def _known_columns(self) -> Optional[List[str]]:
        return [each["name"] for each in self._plan["columns"]] if self._plan is not None else None

    def _text(self) -> Optional[str]:
        return self._query.sql() if self._operation is None else None

    def _spec(self, more: Mapping[str, Any]) -> Dict[str, Any]:
        if self._operation is None:
            sources, tables = self._sources(self._query.inputs)
            parameters = {"query": with_tables(self._query.sql(), tables)}
            return {"operation": "sql", "parameters": parameters, **_sources_member(sources), **more}
        spec: Dict[str, Any] = {"operation": self._operation, "parameters": self._parameters, **more}
        bare = self._query.bare_input
        if bare is None:
            # An operation reads one source as it is; what was shaped before it runs as a job of its own.
            source: Any = {"job": (self._with(self._query).job()).id}
        else:
            source = (self._sources(self._query.inputs))[0][bare]
        return spec if source is None else {**spec, "source": source}

    def _sources(self, inputs: Mapping[str, Any]) -> Tuple[Dict[str, Any], Dict[str, str]]:
        """Sources by name, and named queries over them: a frame that is a query becomes one, every other input a source."""
        sources: Dict[str, Any] = {}
        tables: Dict[str, str] = {}
        for name, source in inputs.items():
            if not isinstance(source, Deferred):
                sources[name] = source
                continue
            producer = source.producer
            if isinstance(producer, Frame) and producer._operation is None and producer._job is None:
                if producer._query.bare_input is not None:
                    sources[name] = producer._query.inputs[producer._query.bare_input]
                    if isinstance(sources[name], Deferred):
                        sources[name] = {"job": (cast(Frame, sources[name].producer).job()).id}
                    continue
                own = producer._query.with_own_names()
                inner, deeper = self._sources(own.inputs)
                sources.update(inner)
                tables.update(deeper)
                tables[name] = own.sql()
                continue
            sources[name] = {"job": (producer.job()).id if isinstance(producer, Frame) else producer.id}
        return sources, tables

    def __repr__(self) -> str:
        text = " ".join((self._text() or f"{self._operation} {self._parameters}").split())
        return f"<{type(self).__name__} {text if len(text) <= 300 else text[:299] + '…'}>"

def _sources_member(sources: Mapping[str, Any]) -> Dict[str, Any]:
    if all(source is None for source in sources.values()) and set(sources) <= {DEFAULT_TABLE}:
        return {}
    if any(source is None for source in sources.values()):
        raise OrleansClusterError(
            "default-dataset", "The default dataset cannot be read beside others.", "Name its path with table()."
        )
    return {"sources": dict(sources)}
