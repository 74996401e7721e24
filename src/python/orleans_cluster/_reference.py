"""What the reference says of endpoints and operations."""

# Made by tools/generate.py from deploy/openapi.v1.json and Orleans.Cluster.Contracts; change it there.
from __future__ import annotations

from typing import Any, Callable, Dict, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def described(name: str) -> Callable[[F], F]:
    """Puts the reference's words before a method's own."""

    def describe(method: F) -> F:
        method.__doc__ = "\n\n".join(text for text in (TEXTS.get(name, ""), method.__doc__) if text)
        return method

    return describe


TEXTS: Dict[str, str] = {
    "CancelJob":
        "Stop a job.",
    "CreateKey":
        "Make an API key; it is shown this once.",
    "DeleteJob":
        "Remove an ended job with its result.",
    "GetClusterMetrics":
        "Figures now, and over a span of time.",
    "GetClusterStatus":
        "The cluster and its workers.",
    "GetEvents":
        "Changes as server-sent events.",
    "GetHealth":
        "State of storage, membership and queue.",
    "GetLive":
        "The process answers.",
    "GetLog":
        "What happened to the job.",
    "GetPlan":
        "The plan that the job runs.",
    "GetQuarantine":
        "Rows that were set aside.",
    "GetQueueStatus":
        "What waits, and why.",
    "GetReady":
        "Jobs can be accepted and the configured workers are active.",
    "GetRecommendations":
        "What to change, and what that should bring.",
    "GetResources":
        "What is offered, handed out and used.",
    "GetResult":
        "Rows of the result.",
    "GetStatus":
        "Where a job is.",
    "ListAudit":
        "The audit log, newest first.",
    "ListCallbacks":
        "Deliveries of the job's callbacks.",
    "ListJobs":
        "Jobs, newest first.",
    "ListKeys":
        "API keys.",
    "ListPartitions":
        "Partitions and their attempts.",
    "ListScalingDecisions":
        "Scaling decisions, the latest last.",
    "PartitionData":
        "Schema and partitions of a dataset; nothing runs.",
    "RetryJob":
        "Run again what failed; what has committed stays.",
    "RevokeKey":
        "End an API key for good.",
    "ScaleCluster":
        "Change the number of workers, or turn autoscaling on.",
    "StartCluster":
        "Start workers.",
    "StopCluster":
        "Stop all workers; jobs stay resumable.",
    "SubmitJob":
        "Submit a job.\n\nWith validateOnly=true nothing runs: the answer is 200 with the plan, a PlanDocument.",
    "VerifyAudit":
        "Whether every entry of the audit log is as it was written.",
    "aggregate":
        "Group and aggregate. Neither groups nor aggregates: row count, and count, sum, mean, min and max of each numeric column.\n\n``group_by``: Columns to group by; empty for one row over all.\n``aggregates``: What to compute for each group.\n``where``: Condition on rows, a SQL expression.\n``having``: Condition on groups, a SQL expression over group columns, aggregates and their names.\n``order_by``: Order of the result; by group columns when empty and there are groups.\n``limit``: At most so many rows.",
    "convert":
        "Write again in another format.",
    "distinct":
        "Drop duplicates.\n\n``columns``: Columns to keep and compare; all when empty.",
    "filter":
        "Keep rows.\n\n``where``: Condition that kept rows meet, a SQL expression. Required.",
    "join":
        "Join two named sources.\n\n``left``: Name in ``sources``. Required.\n``right``: Name in ``sources``. Required.\n``on``: Column pairs that must be equal. Required: at least one.\n``how``: Kind of join.\n``columns``: Columns of the result; all of both when empty, the right one's clashing names with ``_right`` behind them.",
    "melt":
        "Wide to long.\n\n``id``: Columns that stay.\n``columns``: Columns that become rows; all others than Id when empty.\n``name_column``: Name of the column of names.\n``value_column``: Name of the column of values.",
    "pivot":
        "Long to wide.\n\n``index``: Columns that identify a result row. Required: at least one.\n``key``: Column whose values become columns. Required.\n``value``: Column of the values. Required.\n``function``: How several values of one cell become one.",
    "profile":
        "Describe each column.\n\n``columns``: Columns; all when empty.\n``exact``: Exact distinct counts, quartiles and most frequent values, at the price of an exchange.",
    "sample":
        "A repeatable random part. One of the two sizes.\n\n``fraction``: Share of rows, (0, 1].\n``rows``: Number of rows.\n``seed``: The same seed gives the same rows, whatever the partitioning.",
    "select":
        "Keep or compute columns. Required: at least one column.\n\n``columns``: Columns of the result, in order. A plain string in JSON names one.\n``where``: Condition on rows, a SQL expression.",
    "sort":
        "Order rows. Required: at least one key.\n\n``by``: Keys, most significant first.\n``limit``: At most so many rows.",
    "sql":
        "One SELECT.\n\n``query``: One SELECT over the names in ``sources``, or over ``source``. Required.",
}
