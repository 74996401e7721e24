using System.Text.Json;
using Orleans.Cluster.Client;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.SystemTests.Gateway;

namespace Orleans.Cluster.SystemTests.JobClients;

/// <summary>What <see cref="IJobClient"/> promises, whichever way it reaches the cluster.</summary>
public abstract class JobClientContract(GatewayCluster gateway)
{
    private static readonly JobId Unknown = JobId.Parse("01J00000000000000000000000");

    protected abstract IJobClient Jobs { get; }

    protected static JobSpec Sums { get; } = JobSpecs.Of(
        new AggregateParameters
        {
            GroupBy = ["gene"],
            Aggregates = [new AggregateSpec { Function = "sum", Column = "n", As = "total" }],
            OrderBy = [new OrderSpec { Column = "gene" }],
        },
        "genes.csv");

    [Fact]
    public async Task Watch_SubmittedJob_EachRevisionOnceToTheEndAndItsRows()
    {
        var submitted = await Jobs.SubmitAsync(Sums);

        var seen = new List<JobStatus>();
        await foreach (var status in Jobs.WatchAsync(submitted.Id))
        {
            seen.Add(status);
        }

        var rows = await Jobs.GetResultAsync(submitted.Id, offset: 1, limit: 2);
        Assert.Equal(JobPhase.Succeeded, seen[^1].Phase);
        Assert.All(seen.SkipLast(1), status => Assert.False(status.Phase.IsTerminal()));
        Assert.Equal(seen.Select(status => status.Revision).Distinct().Order(), seen.Select(status => status.Revision));
        Assert.Equal(["gene", "total"], rows.Columns.Select(column => column.Name));
        Assert.Equal(["g1 49600", "g2 49700"], rows.Rows.Select(row => $"{row[0]} {row[1]}"));
        Assert.Equal(10, rows.TotalRows);
    }

    [Fact]
    public async Task Submit_KeyUsedBefore_SameJobOrRefused()
    {
        var key = Guid.NewGuid().ToString("N");

        var first = await Jobs.SubmitAsync(Sums, key);
        var second = await Jobs.SubmitAsync(Sums, key);
        var other = await Assert.ThrowsAsync<ClusterException>(() => Jobs.SubmitAsync(Sums with { Name = "another" }, key));
        var without = await Jobs.SubmitAsync(Sums);

        Assert.Equal(first.Id, second.Id);
        Assert.NotEqual(first.Id, without.Id);
        Assert.Equal(Contracts.ProblemCode.IdempotencyKeyReused, other.Code);
    }

    [Fact]
    public async Task OpenResult_LargerThanOneMessage_TheBytesThatTheGatewayServes()
    {
        gateway.Write("large.csv", "n,word\n" + string.Concat(Enumerable.Range(0, 60_000).Select(n => $"{n},word-{n}\n")));
        var id = (await Jobs.SubmitAsync(JobSpecs.Of(new FilterParameters { Where = "n >= 0" }, "large.csv"))).Id;
        Assert.Equal(JobPhase.Succeeded, (await Jobs.WaitAsync(id)).Phase);

        using var copy = new MemoryStream();
        await using (var rows = await Jobs.OpenResultAsync(id, ResultFormat.Csv))
        {
            await rows.CopyToAsync(copy);
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, $"jobs/{id}/result");
        request.Headers.Accept.ParseAdd("text/csv");
        using var response = await gateway.Http.SendAsync(request);
        Assert.True(copy.Length > 800_000, $"{copy.Length} bytes are one message.");
        Assert.Equal(await response.Content.ReadAsByteArrayAsync(), copy.ToArray());
    }

    [Fact]
    public async Task Cancel_RunningJob_EndsCancelledAndCanBeRetriedAndRemoved()
    {
        var slow = JobSpecs.Of(
            new SqlParameters { Query = "SELECT sum(a.n * b.n + c.n) AS s FROM source a, source b, source c" }, "genes.csv");
        var id = (await Jobs.SubmitAsync(slow)).Id;

        await Jobs.CancelAsync(id);
        var cancelled = await Jobs.WaitAsync(id);
        var noResult = await Assert.ThrowsAsync<ClusterException>(() => Jobs.GetResultAsync(id));
        var again = await Jobs.RetryAsync(id);
        var tooEarly = await Assert.ThrowsAsync<ClusterException>(() => Jobs.DeleteAsync(id));
        await Jobs.CancelAsync(id);
        await Jobs.WaitAsync(id);
        await Jobs.DeleteAsync(id);
        var gone = await Assert.ThrowsAsync<ClusterException>(() => Jobs.GetStatusAsync(id));

        Assert.Equal(JobPhase.Cancelled, cancelled.Phase);
        Assert.True(again.Revision > cancelled.Revision);
        Assert.Equal(
            (Contracts.ProblemCode.ResultNotReady, Contracts.ProblemCode.ResultNotReady, Contracts.ProblemCode.JobNotFound),
            (noResult.Code, tooEarly.Code, gone.Code));
    }

    [Fact]
    public async Task List_ByLabel_EachJobOnceNewestFirst()
    {
        var labels = new Dictionary<string, string> { ["mark"] = Guid.NewGuid().ToString("N") };
        var ids = new List<JobId>();
        for (var n = 0; n < 3; n++)
        {
            ids.Add((await Jobs.SubmitAsync(Sums with { Labels = labels })).Id);
        }

        var first = await Jobs.ListAsync(new JobFilter { PageSize = 2, Labels = labels, Operation = OperationKind.Aggregate });
        var second = await Jobs.ListAsync(new JobFilter { PageSize = 2, Labels = labels, PageToken = first.NextPageToken });
        var none = await Jobs.ListAsync(new JobFilter { Labels = labels, Priority = JobPriority.Critical });

        Assert.Equal(Enumerable.Reverse(ids), first.Items.Concat(second.Items).Select(item => item.Id));
        Assert.Null(second.NextPageToken);
        Assert.Empty(none.Items);
    }

    [Fact]
    public async Task Submit_RowsThatDoNotFit_AreInTheQuarantine()
    {
        gateway.Write("odd.csv", "n\n1\n2\nthree\n4\n");
        var spec = JobSpecs.Of(new FilterParameters { Where = "n > 0" }) with
        {
            OnBadRow = BadRowPolicy.Quarantine,
            Source = new SourceSpec
            {
                Path = ["odd.csv"], Options = new SourceOptions { Columns = new Dictionary<string, string> { ["n"] = "BIGINT" } },
            },
        };

        var end = await Jobs.WaitAsync((await Jobs.SubmitAsync(spec)).Id);
        var rows = await Jobs.GetQuarantineAsync(end.Id);

        Assert.Equal((JobPhase.Succeeded, 1L), (end.Phase, end.QuarantinedRows));
        Assert.Equal(
            "three", Assert.Single(rows.Rows)[rows.Columns.Select(column => column.Name).ToList().IndexOf("value")].GetString());
    }

    [Fact]
    public async Task Documents_OfAJob_AreThoseThatTheGatewayServes()
    {
        var id = (await Jobs.SubmitAsync(Sums)).Id;
        var end = await Jobs.WaitAsync(id);
        var preview = await Jobs.PartitionAsync(Sums.Source, new PartitioningSpec { TargetBytes = 2048 });
        var planned = await Jobs.ValidateAsync(Sums);

        Assert.Equal(await ServedAsync<JobStatus>(id, "status"), Json(end));
        Assert.Equal(await ServedAsync<PlanDocument>(id, "plan"), Json(await Jobs.GetPlanAsync(id)));
        Assert.Equal(await ServedAsync<JobLog>(id, "logs"), Json(await Jobs.GetLogAsync(id)));
        Assert.Equal(
            await ServedAsync<PartitionList>(id, "partitions?pageSize=1"), Json(await Jobs.ListPartitionsAsync(id, pageSize: 1)));
        Assert.Equal((SourceFormat.Csv, 4), (preview.Format, preview.Partitions.Count));
        var done = await Jobs.GetPlanAsync(id);
        Assert.All(done.Stages, stage => Assert.True(stage.Actual is { Committed: > 0, RowsIn: > 0 }));
        Assert.Equal(Json(done with { Stages = [.. done.Stages.Select(stage => stage with { Actual = null })] }), Json(planned));
    }

    [Fact]
    public async Task Refusals_OfEachKind_HaveTheirCodes()
    {
        var form = await Assert.ThrowsAsync<ClusterException>(() =>
            Jobs.SubmitJsonAsync("""{"operation":"agregate","sourse":{}}"""));
        var data = await Assert.ThrowsAsync<ClusterException>(() =>
            Jobs.SubmitAsync(JobSpecs.Of(new ProfileParameters(), "nothing-*.csv")));
        var plan = await Assert.ThrowsAsync<ClusterException>(() => Jobs.ValidateAsync(JobSpecs.Of(new FilterParameters
        {
            Where = "n >",
        }, "genes.csv")));
        var page = await Assert.ThrowsAsync<ClusterException>(() => Jobs.ListAsync(new JobFilter { PageSize = 0 }));
        var status = await Assert.ThrowsAsync<ClusterException>(() => Jobs.GetStatusAsync(Unknown));
        var watch = await Assert.ThrowsAsync<ClusterException>(() => Jobs.WaitAsync(Unknown));
        var rows = await Assert.ThrowsAsync<ClusterException>(() => Jobs.OpenResultAsync(Unknown, ResultFormat.Parquet));
        var key = await Assert.ThrowsAsync<ClusterException>(() => Jobs.SubmitAsync(Sums, new string('k', 256)));

        Assert.Equal(["/operation", "/sourse"], form.Problem.Errors!.Select(fault => fault.Pointer).Order());
        Assert.Equal(
            ["validation-failed", "dataset-not-found", "query-invalid", "validation-failed", "job-not-found", "job-not-found",
                "job-not-found", "validation-failed"],
            ((ClusterException[])[form, data, plan, page, status, watch, rows, key]).Select(refusal => refusal.Code.Word));
    }

    private static string Json<T>(T document) => JsonSerializer.Serialize(document, WireJson.Options);

    // Through the type, so that both have the same members in the same order.
    private async Task<string> ServedAsync<T>(JobId id, string what) =>
        Json(JsonSerializer.Deserialize<T>(await gateway.Http.GetStringAsync($"jobs/{id}/{what}"), WireJson.Options));
}
