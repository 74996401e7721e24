using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Coordination.Jobs;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Gateway.Access;
using Orleans.Cluster.Planning.Insight;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.Gateway.Jobs;

/// <summary>
/// Reads what is stored of jobs, and has Planning say what it means. Those who ask for the same at once get one answer.
/// </summary>
internal sealed class InsightDesk(
    IJobService desk, IJobStore jobs, ICheckpointStore checkpoints, IAttemptHistory attempts, TimeProvider clock)
{
    public const int MaxBars = AttemptLanes.MaxBars;

    public static readonly TimeSpan UsualSpan = TimeSpan.FromMinutes(15);

    // What was not given stays away, so that the document can be submitted again.
    private static readonly JsonSerializerOptions Written = new(
        WireJson.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>Partitions that a story is made of; of larger jobs, the first of each stage, which the story says.</summary>
    private const int MaxStoryPartitions = 10_000;

    /// <summary>
    /// The status document with the job as it was submitted, its owner, and how it was cut. A callback's secret is not shown
    /// again.
    /// </summary>
    public async Task<JsonObject> GetJob(JobId id, CancellationToken cancellationToken)
    {
        var record = await jobs.Require(id, cancellationToken);
        var status = await desk.GetStatus(id, cancellationToken);
        var spec = record.Spec.Callback is { } callback
            ? record.Spec with { Callback = callback with { Secret = null } }
            : record.Spec;
        var document = JsonSerializer.SerializeToNode(status, WireJson.Options)!.AsObject();
        document["owner"] = record.Owner;
        document["spec"] = JsonSerializer.SerializeToNode(spec, Written);
        document["decided"] = new JsonObject
        {
            ["partitions"] = status.Progress.Partitions.Total,
            ["stages"] = new JsonArray([.. status.Progress.Stages.Select(stage => (JsonNode)stage.Name)]),
        };
        return document;
    }

    public async Task<PartitionSummary> Summarize(JobId id, CancellationToken cancellationToken)
    {
        var record = await jobs.Require(id, cancellationToken);
        var cells = await attempts.ListCells(id, cancellationToken);
        return new PartitionSummary(record.State.Revision, [.. cells.GroupBy(cell => cell.Task.Stage).Select(StageOf)]);
    }

    public async Task<Timeline> GetTimeline(JobId id, CancellationToken cancellationToken)
    {
        await jobs.Require(id, cancellationToken);
        return AttemptLanes.Place(await attempts.ListOf(id, cancellationToken), clock.GetUtcNow());
    }

    public async Task<Timeline> GetTimeline(
        DateTimeOffset from, DateTimeOffset to, int maxBars, string? owner, CancellationToken cancellationToken) =>
        AttemptLanes.Place(await attempts.ListBetween(from, to, owner, cancellationToken), clock.GetUtcNow(), maxBars);

    public async Task<JobStory> TellStory(JobId id, CancellationToken cancellationToken)
    {
        var record = await jobs.Require(id, cancellationToken);
        var status = await desk.GetStatus(id, cancellationToken);
        var history = await jobs.ListHistory(id, cancellationToken);
        var rows = await checkpoints.ListWithAttempts(id, null, null, MaxStoryPartitions, cancellationToken);
        return JobStories.Tell(new StoryFacts
        {
            Status = status,
            Changes = [.. history.Select(entry => new PhaseChange(entry.At, entry.Phase, entry.Detail))],
            Partitions = [.. rows.Select(row => row.Partition)],
            Attempts = [.. rows.SelectMany(row => row.Attempts)],
            Stages = (await jobs.FindPlan(id, cancellationToken))?.Stages ?? [],
            Asked = record.Spec.Resources,
            TargetBytes = record.Spec.Partitioning.TargetBytes,
            Now = clock.GetUtcNow(),
        });
    }

    public async Task<JobProfile> GetProfile(JobId id, CancellationToken cancellationToken)
    {
        await jobs.Require(id, cancellationToken);
        var rows = await checkpoints.ListWithAttempts(id, null, null, MaxStoryPartitions, cancellationToken);
        return OperatorProfiles.Merge(rows.SelectMany(row => row.Attempts));
    }

    // Partitions are numbered without gaps, children of a split after all others.
    private static StageSummary StageOf(IGrouping<int, PartitionCell> stage)
    {
        var cells = stage.ToList();
        return new StageSummary(
            stage.Key, string.Concat(cells.Select(cell => Letter(cell.State))), [.. cells.Select(cell => cell.RowsIn)],
            [.. cells.Select(cell => Math.Round(cell.Seconds, 3))], [.. cells.Select(cell => cell.Bytes)],
            cells.Sum(cell => cell.RowsOut), cells.Sum(cell => cell.BytesOut));
    }

    private static char Letter(PartitionState state) => state switch
    {
        PartitionState.Waiting => 'W',
        PartitionState.Running => 'R',
        PartitionState.Committed => 'C',
        PartitionState.Failed => 'F',
        PartitionState.Split => 'S',
        PartitionState.Cancelled => 'X',
        _ => throw new System.Diagnostics.UnreachableException($"No letter for {state}."),
    };
}
