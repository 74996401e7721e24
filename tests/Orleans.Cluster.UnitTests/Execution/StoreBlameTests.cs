using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Worker;

namespace Orleans.Cluster.UnitTests.Execution;

/// <summary>One worker that cannot use the artifact store fails no job by it.</summary>
public sealed class StoreBlameTests
{
    private const string Fault = "The artifact store /store cannot be written to.";

    [Fact]
    public async Task Judge_TheStoreIsNotWellHere_IsNobodysFaultAndNamesIt()
    {
        var sight = new Sight(Fault);

        var judged = await Blame(sight).Judge(new AttemptFailure(FailureKind.Storage, "Read-only file system"), default);

        Assert.Equal(FailureKind.WorkerLost, judged.Kind);
        Assert.Equal($"Read-only file system ({Fault})", judged.Message);
        Assert.False(judged.Kind.CountsAgainstLimit());
    }

    [Fact]
    public async Task Judge_TheStoreIsWell_CountsAsItDid()
    {
        var failure = new AttemptFailure(FailureKind.Storage, "Input/output error");

        Assert.Equal(failure, await Blame(new Sight(null)).Judge(failure, default));
    }

    // Whoever fills a disk would be tried again for ever.
    [Fact]
    public async Task Judge_TheStoreIsFull_CountsAsItDid()
    {
        var failure = new AttemptFailure(FailureKind.Storage, "No space left on device");

        Assert.Equal(failure, await Blame(new Sight(Fault), leastFreeBytes: long.MaxValue).Judge(failure, default));
    }

    [Fact]
    public async Task Judge_AnotherKindOfFailure_DoesNotLookAtTheStore()
    {
        var sight = new Sight(Fault);
        var failure = new AttemptFailure(FailureKind.BadData, "Line 3 has no number.");

        Assert.Equal(failure, await Blame(sight).Judge(failure, default));
        Assert.Equal(0, sight.Looks);
    }

    private static StoreBlame Blame(Sight sight, long leastFreeBytes = 0) => new(
        sight, new ClusterPaths(Options.Create(new ClusterSettings { StateDirectory = Path.GetTempPath() })),
        Options.Create(new WorkerOptions { LeastScratchBytes = leastFreeBytes }));

    private sealed class Sight(string? fault) : IArtifactSight
    {
        public int Looks { get; private set; }

        public Task Seen => Task.CompletedTask;

        // What the watch has seen two seconds ago.
        public string? FindFault() => null;

        public Task<string?> LookAgain(CancellationToken cancellationToken)
        {
            Looks++;
            return Task.FromResult(fault);
        }

        public Task<ArtifactSeen> Look(PartitionRecord committed, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public void Distrust(PartitionRecord committed) => throw new NotSupportedException();
    }
}
