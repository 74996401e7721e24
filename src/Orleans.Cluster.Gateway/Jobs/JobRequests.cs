using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Coordination.Jobs;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Files.Datasets;
using Orleans.Cluster.Gateway.Access;
using Orleans.Cluster.Gateway.Callbacks;
using Orleans.Cluster.Gateway.Forms;
using Orleans.Cluster.Gateway.Requests;

namespace Orleans.Cluster.Gateway.Jobs;

/// <summary>
/// What callers ask about jobs, whichever way they come: over HTTP, or by a grain call from inside. Both have the same form
/// checked, the same answers and the same refusals.
/// </summary>
internal sealed class JobRequests(
    IJobService desk, IJobStore jobs, ICheckpointStore checkpoints, IJobPlanning planning, DefaultDataset defaults,
    CallbackIntake callbacks, IOutbox outbox)
{
    /// <exception cref="ClusterException"><c>validation-failed</c> with every fault of form.</exception>
    public JobSpec ReadSpec(ReadOnlyMemory<byte> body)
    {
        var spec = JobSpecReader.ReadJob(body);
        callbacks.Check(spec.Callback);
        return spec;
    }

    /// <summary>Refuses a spec that reads the result of a job, or waits for one, that the caller does not see.</summary>
    /// <exception cref="ClusterException"><c>job-not-found</c>: for whom it is not theirs, it is not there.</exception>
    public async Task CheckSources(IEnumerable<JobId> sources, string? seesOnly, CancellationToken cancellationToken)
    {
        foreach (var id in seesOnly is null ? [] : sources)
        {
            if ((await jobs.Require(id, cancellationToken)).Owner != seesOnly)
            {
                throw JobLookup.NotFound(id);
            }
        }
    }

    /// <inheritdoc cref="IJobService.Submit"/>
    public Task<JobStatus> Submit(
        JobSpec spec, string? owner, AccessRole role, string? idempotencyKey, CancellationToken cancellationToken) =>
        desk.Submit(callbacks.Seal(spec), new SubmitOrigin(owner, idempotencyKey, HashOf(spec), role), cancellationToken);

    /// <summary>What a submit would run.</summary>
    public async Task<PlanDocument> Plan(JobSpec spec, CancellationToken cancellationToken) =>
        PlanDocuments.Of(await planning.Plan(spec, [], cancellationToken), []);

    /// <summary>A page of jobs, of one owner unless null.</summary>
    public async Task<JobList> List(IQueryCollection query, string? owner, CancellationToken cancellationToken)
    {
        var page = await jobs.List(ReadFilter(query) with { Owner = owner }, cancellationToken);
        var items = await Task.WhenAll(page.Jobs.Select(job => Describe(job, cancellationToken)));
        return new JobList(items, page.Next?.ToString());
    }

    /// <summary>A page of a job's partitions.</summary>
    public async Task<PartitionList> ListPartitions(JobId id, IQueryCollection parameters, CancellationToken cancellationToken)
    {
        var query = new QueryForm(parameters);
        var pageSize = (int?)query.Whole("pageSize", 1, GatewayLimits.MaxPageSize) ?? GatewayLimits.PageSize;
        var stage = (int?)query.Whole("stage", 0, int.MaxValue);
        var after = ReadPartitionToken(query);
        query.Close();

        await jobs.Require(id, cancellationToken);
        // One more than asked for tells whether there is a next page.
        var found = await checkpoints.ListWithAttempts(id, stage, after, pageSize + 1, cancellationToken);
        var items = found.Take(pageSize).Select(row => JobDocuments.Of(row.Partition, row.Attempts)).ToList();
        var next = found.Count > pageSize
            ? string.Create(CultureInfo.InvariantCulture, $"{items[^1].Stage}.{items[^1].Partition}") : null;
        return new PartitionList(items, next);
    }

    /// <summary>The plan that a job runs.</summary>
    public async Task<PlanDocument> GetPlan(JobId id, CancellationToken cancellationToken)
    {
        await jobs.Require(id, cancellationToken);
        var plan = await jobs.FindPlan(id, cancellationToken)
            ?? throw new ClusterException(
                Contracts.ProblemCode.ResultNotReady, $"Job {id} has no plan yet.", "Ask again once it is past PLANNING.");
        return PlanDocuments.Of(plan, await checkpoints.Tally(id, cancellationToken));
    }

    /// <summary>What happened to a job.</summary>
    public async Task<JobLog> GetLog(JobId id, CancellationToken cancellationToken)
    {
        await jobs.Require(id, cancellationToken);
        return await JobLogs.Read(id, jobs, checkpoints, cancellationToken);
    }

    /// <summary>Deliveries of a job's callbacks.</summary>
    public async Task<CallbackList> ListCallbacks(JobId id, CancellationToken cancellationToken)
    {
        await jobs.Require(id, cancellationToken);
        return new CallbackList([.. (await outbox.ListDeliveries(id, cancellationToken)).Select(JobDocuments.Of)]);
    }

    /// <summary>A dataset as a job would read it.</summary>
    public async Task<DatasetPreview> Preview(ReadOnlyMemory<byte> body, string? seesOnly, CancellationToken cancellationToken)
    {
        var (source, partitioning) = JobSpecReader.ReadPartitioning(body);
        await CheckSources(source?.Job is { } job ? [job] : [], seesOnly, cancellationToken);
        var (dataset, warnings) = await planning.PlanDataset(source ?? defaults.Require(), partitioning, cancellationToken);
        return PlanDocuments.Of(dataset, warnings);
    }

    // Only a grain knows what a living job is doing; of an ended one the row says all.
    private async Task<JobStatus> Describe(JobRecord job, CancellationToken cancellationToken)
    {
        if (job.State.Phase.IsTerminal())
        {
            return JobDocuments.Of(job);
        }

        try
        {
            return await desk.GetStatus(job.State.Id, cancellationToken);
        }
        catch (ClusterException e) when (e.Code == Contracts.ProblemCode.JobNotFound)
        {
            // It has ended and was removed since the page was read.
            return JobDocuments.Of(job);
        }
    }

    private static JobFilter ReadFilter(IQueryCollection parameters)
    {
        var query = new QueryForm(parameters);
        var filter = new JobFilter
        {
            PageSize = (int?)query.Whole("pageSize", 1, GatewayLimits.MaxPageSize) ?? GatewayLimits.PageSize,
            Before = ReadJobToken(query),
            Phases = query.Words<JobPhase>("status"),
            Priority = One<JobPriority>(query, "priority"),
            Operation = One<OperationKind>(query, "operation"),
            CreatedAfter = query.Time("createdAfter"),
            CreatedBefore = query.Time("createdBefore"),
            Text = query.Text("text", 100),
            Labels = query.WithPrefix("label."),
        };
        query.Close();
        return filter.Labels.Count == 0 ? filter with { Labels = null } : filter;
    }

    private static JobId? ReadJobToken(QueryForm query)
    {
        if (query.Text("pageToken") is not { } token)
        {
            return null;
        }

        if (!JobId.TryParse(token, null, out var before))
        {
            query.Faults.Add(
                QueryForm.At("pageToken"), FaultCodes.InvalidValue, "The value must be a nextPageToken of this list.");
        }

        return before;
    }

    private static T? One<T>(QueryForm query, string name)
        where T : struct, Enum
    {
        var words = query.Words<T>(name);
        if (words is { Count: > 1 })
        {
            query.Faults.Add(QueryForm.At(name), FaultCodes.Conflict, "Give the parameter once.");
        }

        return words?[0];
    }

    private static (int Stage, int Partition)? ReadPartitionToken(QueryForm query)
    {
        if (query.Text("pageToken") is not { } token)
        {
            return null;
        }

        if (token.Split('.') is [var first, var second]
            && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var stage)
            && int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out var partition))
        {
            return (stage, partition);
        }

        query.Faults.Add(QueryForm.At("pageToken"), FaultCodes.InvalidValue, "The value must be a nextPageToken of this list.");
        return null;
    }

    // Of what was understood, not of the bytes: a client that writes the same job with other blanks repeats the same request.
    private static string HashOf(JobSpec spec) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(spec, WireJson.Options)));
}
