"""Lazy tables over an Orleans.Cluster.

    from orleans_cluster import Cluster
    c = Cluster()
    c.table("expression/*.csv").group_by("gene").agg(total="sum(count)").order_by("-total").limit(20)
"""
from ._async._cluster import AsyncCluster
from ._async._frame import AsyncFrame
from ._async._job import AsyncJob
from ._async._result import AsyncResult
from ._errors import (
    Conflict,
    Fault,
    Forbidden,
    Invalid,
    JobCancelled,
    JobFailed,
    MissingPackage,
    NotAuthenticated,
    NotFound,
    OrleansClusterError,
    ProtocolError,
    Refused,
    Unavailable,
    Unreachable,
    WaitTimeout,
)
from ._expr import Expr, col, expr, lit
from ._parts import Part
from ._retry import RetryPolicy
from ._source import source
from ._status import JobStatus, Progress, Stage
from ._sync._cluster import Cluster
from ._sync._frame import Frame
from ._group import GroupBy
from ._sync._job import Job
from ._sync._result import Result
from ._table import Table
from ._types import Column

__version__ = "0.1.0"

__all__ = [
    "AsyncCluster",
    "AsyncFrame",
    "AsyncJob",
    "AsyncResult",
    "Cluster",
    "Column",
    "Conflict",
    "Expr",
    "Fault",
    "Forbidden",
    "Frame",
    "GroupBy",
    "Invalid",
    "Job",
    "JobCancelled",
    "JobFailed",
    "JobStatus",
    "MissingPackage",
    "NotAuthenticated",
    "NotFound",
    "OrleansClusterError",
    "Part",
    "Progress",
    "ProtocolError",
    "Refused",
    "Result",
    "RetryPolicy",
    "Stage",
    "Table",
    "Unavailable",
    "Unreachable",
    "WaitTimeout",
    "col",
    "expr",
    "lit",
    "source",
]
