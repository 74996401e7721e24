using System.Diagnostics;
using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Faults.Campaign;

/// <summary>
/// One to three jobs, one to three faults at moments of them that the seed names, and a calm in which all must end well.
/// </summary>
internal sealed class ClusterRound(
    EmbeddedCluster cluster, Func<IReadOnlyList<HttpClient>> gateways, CampaignJobs jobs, IReadOnlyList<Fault> faults,
    Random random, TimeSpan undisturbed)
{
    private readonly HashSet<CampaignJob> cancelled = [];
    private IReadOnlyList<CampaignJob> running = [];

    /// <summary>What was done, for whoever has to read a failure.</summary>
    public List<string> Log { get; } = [];

    public async Task RunAsync(string name, TimeSpan endsWithin)
    {
        var clock = Stopwatch.StartNew();
        for (var i = random.Next(1, 3); i > 0; i--)
        {
            running = [.. running, await jobs.SubmitAsync(Shape(), $"{name}-{i}", random, default)];
        }

        using var calm = new CancellationTokenSource();
        var watching = WatchAsync(calm.Token);
        var happening = Enumerable.Range(0, random.Next(1, 4))
            .Select(_ => HappenAsync(
                faults[random.Next(faults.Count)], new Random(random.Next()), undisturbed * random.NextDouble()))
            .ToList();
        if (random.Next(8) == 0)
        {
            happening.Add(CancelAsync(running[0], undisturbed * random.NextDouble()));
        }

        if (random.Next(6) == 0)
        {
            await Task.Delay(undisturbed * random.NextDouble() / 2);
            jobs.AddForeign(running[^1], random);
            Write("a file of somebody's");
        }

        if (random.Next(3) == 0)
        {
            using var patience = new CancellationTokenSource(endsWithin);
            running = [.. running, await jobs.SubmitAsync(Shape(), $"{name}-late", random, patience.Token)];
            Write("one more job");
        }

        await Task.WhenAll(happening);
        Write($"calm after {clock.Elapsed.TotalSeconds:0.0} s");
        var ends = await EndsAsync(endsWithin);
        await calm.CancelAsync();
        await watching;
        foreach (var (job, end) in ends)
        {
            jobs.Check(job, end, cancelled.Contains(job));
            if (end.GetProperty("status").GetString() == "CANCELLED")
            {
                await AfterCancelAsync(job, endsWithin);
            }
        }

        Write($"over after {clock.Elapsed.TotalSeconds:0.0} s");
    }

    private string Shape() => CampaignJobs.Shapes[random.Next(CampaignJobs.Shapes.Count)];

    private async Task HappenAsync(Fault fault, Random drawn, TimeSpan delay)
    {
        await Task.Delay(delay);
        var clock = Stopwatch.StartNew();
        await fault.Happen(drawn);
        Write($"{fault.Name} after {delay.TotalSeconds:0.0} s for {clock.Elapsed.TotalSeconds:0.0} s");
    }

    private async Task CancelAsync(CampaignJob job, TimeSpan delay)
    {
        await Task.Delay(delay);
        cancelled.Add(job);
        await CampaignJobs.CancelAsync(job, gateways()[^1]);
        Write($"cancel {job}");
    }

    // Its owner thinks better of it, or wants to hear no more of it.
    private async Task AfterCancelAsync(CampaignJob job, TimeSpan within)
    {
        if (random.Next(2) == 0)
        {
            await jobs.DeleteAsync(job);
            Write("delete the cancelled job");
        }
        else
        {
            await jobs.RetryAsync(job);
            Write("retry the cancelled job");
            jobs.Check(job, await cluster.WaitForEndAsync(job.Id, (int)within.TotalSeconds), wasCancelled: false);
        }
    }

    // Somebody looks all the time, now at one gateway and now at another.
    private async Task WatchAsync(CancellationToken calm)
    {
        for (var look = 0; !calm.IsCancellationRequested; look++)
        {
            foreach (var job in running)
            {
                var clients = gateways();
                await jobs.LookAsync(job, clients[look % clients.Count], isCalm: false);
            }

            await Task.Delay(200, CancellationToken.None);
        }
    }

    private async Task<List<(CampaignJob Job, JsonElement End)>> EndsAsync(TimeSpan within)
    {
        var ends = new List<(CampaignJob, JsonElement)>();
        var clock = Stopwatch.StartNew();
        foreach (var job in running)
        {
            JsonElement? status = null;
            while (status is not { } seen || !CampaignJobs.IsEnd(seen))
            {
                Assert.True(clock.Elapsed < within, $"{job} has not ended {within} after the last fault: {status}");
                await cluster.ReviveAsync();
                await Task.Delay(200);
                status = await jobs.LookAsync(job, gateways()[0], isCalm: true) ?? status;
            }

            ends.Add((job, status.Value));
        }

        return ends;
    }

    private void Write(string line)
    {
        lock (Log)
        {
            Log.Add(line);
        }
    }
}
