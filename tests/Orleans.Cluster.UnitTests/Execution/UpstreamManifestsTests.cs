using Microsoft.Extensions.Time.Testing;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.UnitTests.Jobs;
using Orleans.Cluster.Worker;

namespace Orleans.Cluster.UnitTests.Execution;

public sealed class UpstreamManifestsTests
{
    private readonly FakeTimeProvider clock = new();
    private readonly Table table = new();

    [Fact]
    public async Task Find_ManySlotsAtOnce_ReadTheStageOnce()
    {
        var upstream = new UpstreamManifests(table, clock);

        var found = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => upstream.Find(JobSamples.Id, 1, 0, default)));

        Assert.Equal((1, 10), (table.FullReads, table.PartitionsRead));
        Assert.All(found, partitions => Assert.Same(found[0], partitions));
    }

    [Fact]
    public async Task Find_OnePartitionHasRunAgain_ReadsThatOneAlone()
    {
        var upstream = new UpstreamManifests(table, clock);
        var before = await upstream.Find(JobSamples.Id, 1, 0, default);
        clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Same(before, await upstream.Find(JobSamples.Id, 1, 0, default));
        table.Rows[3] = table.Rows[3] with { Attempt = 2 };
        upstream.Doubt(JobSamples.Id, 0);

        var after = await upstream.Find(JobSamples.Id, 1, 0, default);

        Assert.Equal(2, after[3].Attempt);
        Assert.Equal((1, 11), (table.FullReads, table.PartitionsRead));
    }

    [Fact]
    public async Task Find_AReadHasFailed_ReadsAgain()
    {
        var upstream = new UpstreamManifests(table, clock);
        table.Fault = new StorageUnavailableException("away", new IOException());
        await Assert.ThrowsAsync<StorageUnavailableException>(() => upstream.Find(JobSamples.Id, 1, 0, default));
        table.Fault = null;

        Assert.Equal(10, (await upstream.Find(JobSamples.Id, 1, 0, default)).Count);
    }

    private sealed class Table : IUpstreamReads
    {
        public List<PartitionRecord> Rows { get; } = [.. Enumerable.Range(0, 10).Select(index => JobSamples.Committed(index))];

        public int FullReads { get; private set; }

        public int PartitionsRead { get; private set; }

        public Exception? Fault { get; set; }

        public Task<IReadOnlyList<PartitionRecord>> List(JobId job, int? stage, CancellationToken cancellationToken)
        {
            FullReads++;
            return Answer(Rows);
        }

        public Task<IReadOnlyList<PartitionRecord>> ListSome(
            JobId job, int stage, IReadOnlyCollection<int> partitions, CancellationToken cancellationToken) =>
            Answer([.. Rows.Where(row => partitions.Contains(row.Task.Partition))]);

        public Task<IReadOnlyList<PartitionVersion>> ListVersions(JobId job, int stage, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<PartitionVersion>>(
                [.. Rows.Select(row => new PartitionVersion(row.Task.Partition, row.Attempt, row.State))]);

        private Task<IReadOnlyList<PartitionRecord>> Answer(List<PartitionRecord> rows)
        {
            PartitionsRead += rows.Count;
            return Fault is null
                ? Task.FromResult<IReadOnlyList<PartitionRecord>>([.. rows])
                : Task.FromException<IReadOnlyList<PartitionRecord>>(Fault);
        }
    }
}
