using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Orleans.Cluster.SystemTests.EndToEnd;
using Orleans.Cluster.SystemTests.Faults.Campaign;

namespace Orleans.Cluster.SystemTests.Faults;

/// <summary>
/// Hosts that share a network, a database and an S3 server, and no folder: a join whose rows all pass an exchange ends right, and
/// a host or the store that is away costs time alone.
/// </summary>
[Collection("kills")]
[Trait("Category", "Long")]
public sealed class NetworkStoreTests : IClassFixture<NetworkStoreCluster>
{
    private const int CutOff = NetworkCluster.Hosts - 1;
    private static readonly TimeSpan CutOffFor = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AwayFor = TimeSpan.FromSeconds(20);

    private readonly NetworkStoreCluster cluster;
    private readonly ITestOutputHelper output;

    public NetworkStoreTests(NetworkStoreCluster cluster, ITestOutputHelper output)
    {
        Assert.SkipUnless(
            NetworkStoreCluster.IsPossible,
            "This needs root, the right to make network namespaces, PostgreSQL, and npm, which installs the S3 server.");
        (this.cluster, this.output) = (cluster, output);
    }

    [Fact]
    public async Task Join_NoFolderIsSharedAndTheStoreThrottles_EndsRight()
    {
        var join = await PrepareAsync();
        var id = await join.SubmitAsync();
        var (all, refused) = (0, 0);
        cluster.Objects.Front.Throttles = _ => Interlocked.Increment(ref all) % 3 == 0 && Interlocked.Increment(ref refused) > 0;
        var partitions = await join.CheckAsync(id);
        cluster.Objects.Front.Throttles = _ => false;

        Assert.True(refused >= 20, $"{refused} of {all} requests were answered with 503.");
        Assert.All(partitions, partition => Assert.Single(partition.Attempts));
        Assert.Equal(2, partitions.Select(partition => partition.Attempts[0].Worker).Distinct().Count());
        await CheckNothingIsLeftAsync();
    }

    // The host has its work in its hands when it is cut off, since the store takes none of it until then. Back again it either
    // tries to commit that work, or hears before that it was given up, and ends.
    [Fact]
    public async Task Join_HostCutOffFor30Seconds_ItsLateCommitsAreRefused()
    {
        var join = await PrepareAsync();
        var id = await join.SubmitAsync();
        await join.WaitForCommitsAsync(id, atLeast: 3);
        var (address, refused) = (IPAddress.Parse(NetworkHosts.Address(CutOff)), 0);
        cluster.Objects.Front.Throttles = context => HttpMethods.IsPut(context.Request.Method)
            && context.Connection.RemoteIpAddress!.Equals(address) && Interlocked.Increment(ref refused) > 0;
        await EmbeddedCluster.Until(
            () => Task.FromResult(Volatile.Read(ref refused) >= 3), TimeSpan.FromSeconds(60),
            () => $"The host has written nothing.\n{cluster.Log}");
        var process = cluster.ProcessOf(CutOff)!.Value;
        var held = await HeldByAsync(id, process);
        await cluster.Network.CutOffAsync(CutOff);
        cluster.Objects.Front.Throttles = _ => false;
        await Task.Delay(CutOffFor, TestContext.Current.CancellationToken);
        var (before, others) = (cluster.Log.ToString(), await FaultJob.ListPartitionsAsync(cluster, id));
        await cluster.Network.MendAllAsync(CutOff);
        await EmbeddedCluster.Until(
            () => Task.FromResult(WasRefused() || !EmbeddedCluster.Runs(process)), TimeSpan.FromSeconds(90),
            () => $"The worker that was given up neither commits late nor ends.\n{cluster.Log}");
        output.WriteLine(WasRefused() ? "Its late commit was refused." : "It ended before it could commit.");

        Assert.NotEmpty(held);
        Assert.All(held, attempt => Assert.Contains(
            Find(others, attempt).Attempts, other => other.Number > attempt.Number && other.Worker != attempt.Worker));
        await cluster.ReviveAsync();
        var end = await join.CheckAsync(id);
        Assert.All(held, attempt => Assert.Equal("LOST", Find(end, attempt).Attempts
            .Single(other => other.Number == attempt.Number).State));
        await CheckNothingIsLeftAsync();

        bool WasRefused() => cluster.Log.ToString()[before.Length..].Contains("was not committed", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Join_StoreKilledFor20Seconds_CostsTimeAlone()
    {
        var join = await PrepareAsync();
        var id = await join.SubmitAsync();
        await join.WaitForCommitsAsync(id, atLeast: 3);
        await cluster.Objects.KillAsync();
        await Task.Delay(AwayFor, TestContext.Current.CancellationToken);
        await cluster.Objects.StartAsync();

        var partitions = await join.CheckAsync(id);
        Assert.All(partitions, partition => Assert.Single(partition.Attempts));
        await CheckNothingIsLeftAsync();
    }

    private async Task<ShuffleJoin> PrepareAsync()
    {
        await cluster.ReviveAsync();
        var join = new ShuffleJoin(cluster, cluster.Bucket);
        await join.WriteTablesAsync();
        return join;
    }

    private async Task<IReadOnlyList<Held>> HeldByAsync(string id, int process)
    {
        var worker = (await new Queueing.QueueClient(cluster).WorkersAsync())
            .Single(item => item.GetProperty("processId").GetInt32() == process).GetProperty("id").GetString()!;
        return
        [
            .. from partition in await FaultJob.ListPartitionsAsync(cluster, id)
               from attempt in partition.Attempts
               where attempt.State == "RUNNING" && attempt.Worker == worker
               select new Held(partition.Stage, partition.Number, attempt.Number, worker),
        ];
    }

    private static FaultJob.Partition Find(IEnumerable<FaultJob.Partition> partitions, Held held) =>
        partitions.Single(partition => partition.Stage == held.Stage && partition.Number == held.Partition);

    private async Task CheckNothingIsLeftAsync()
    {
        IReadOnlyList<string> left = [];
        await EmbeddedCluster.Until(
            async () => (left = await cluster.Bucket.LeftoversAsync(cluster.Http)).Count == 0, TimeSpan.FromSeconds(90),
            () => $"{string.Join('\n', left)}\n{cluster.Log}");
    }

    private sealed record Held(int Stage, int Partition, int Number, string Worker);
}
