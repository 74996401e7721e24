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
    "BrowseData":
        "Folders and files below the data roots.",
    "CancelJob":
        "Stop a job.",
    "CloseSession":
        "Sign a browser out.",
    "CreateKey":
        "Make an API key; it is shown this once.",
    "DeleteJob":
        "Remove an ended job with its result.",
    "DrainWorker":
        "One worker takes nothing new and leaves when it is idle; another takes its place.",
    "GetClusterEvents":
        "Changes of the whole cluster as server-sent events.\n\njob with the status document of a job that has changed, worker with a worker whose state or busy slots have, decision with a scaling decision. After a reconnect the end of a job may be told twice; it is never missed.",
    "GetClusterMetrics":
        "Figures now, and over a span of time.",
    "GetClusterStatus":
        "The cluster and its workers.",
    "GetEvents":
        "Changes as server-sent events.\n\nphase for each change of phase, status with the status document, and with partitions=true also partitions with the states that have changed (a PartitionsEvent; the first one of a stream has all of them).",
    "GetHealth":
        "State of storage, membership and queue.",
    "GetJob":
        "A job as it was submitted, and where it is.\n\nThe status document with 'spec', which is the job as it was submitted without the secret of its callback, 'owner', and 'decided'.",
    "GetJobTimeline":
        "Attempts of a job as bars over time.\n\nAbove 5,000 attempts, neighbours of one slot, stage and state are merged.",
    "GetLive":
        "The process answers.",
    "GetLog":
        "What happened to the job.",
    "GetPlan":
        "The plan that the job runs.",
    "GetProfile":
        "The engine's operators, merged over the partitions of each stage.",
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
    "GetResultPart":
        "Rows of one part of the result.",
    "GetSession":
        "Who calls.",
    "GetStatus":
        "Where a job is.",
    "GetStory":
        "A job in words, with what stands out and what would change it.",
    "GetTimeline":
        "Attempts of all jobs as bars over time.\n\nOf jobs that were submitted within a day before 'from', and of all that have not ended.",
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
    "ListResultParts":
        "Parts of the result, which in order are the result.",
    "ListScalingDecisions":
        "Scaling decisions, the latest last.",
    "OpenSession":
        "Sign a browser in with the key or token of the Authorization header.\n\nSets a cookie (HttpOnly, SameSite=Strict) for eight hours, which ends with its key. On loopback without keys there is nothing to keep.",
    "PartitionData":
        "Schema and partitions of a dataset; nothing runs.",
    "PreviewData":
        "First rows of a dataset as a job would read them; nothing is kept.",
    "RetryJob":
        "Run a failed job on from what it has committed, or a cancelled one from its start.",
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
    "SummarizePartitions":
        "All partitions in one small answer.",
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
        "Wide to long.\n\n``id``: Columns that stay.\n``columns``: Columns that become rows; all others than those of ``id`` when empty.\n``name_column``: Name of the column of names.\n``value_column``: Name of the column of values.",
    "pivot":
        "Long to wide.\n\n``index``: Columns that identify a result row. Required: at least one.\n``key``: Column whose values become columns. Required.\n``value``: Column of the values. Required.\n``function``: How several values of one cell become one.\n``as``: Whether each value of the key is a column, or a place in a list.",
    "profile":
        "Describe each column.\n\n``columns``: Columns, 500 at most; all when empty.\n``exact``: Exact distinct counts, quartiles and most frequent values, at the price of an exchange.",
    "sample":
        "A repeatable random part. One of the two sizes.\n\n``fraction``: Share of rows, (0, 1].\n``rows``: Number of rows.\n``seed``: The same seed gives the same rows, whatever the partitioning.",
    "select":
        "Keep or compute columns. Required: at least one column.\n\n``columns``: Columns of the result, in order. A plain string in JSON names one.\n``where``: Condition on rows, a SQL expression.",
    "sort":
        "Order rows. Required: at least one key.\n\n``by``: Keys, most significant first.\n``limit``: At most so many rows.",
    "sql":
        "One SELECT.\n\n``query``: One SELECT over the names in ``sources``, or over ``source``. Required.",
}
