using CsCheck;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Partitioning;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.UnitTests.Partitioning;

public sealed class PartitionPlannerTests
{
    private const long Mega = 1 << 20;
    private static readonly PartitioningSpec Default = new();

    [Fact]
    public void Plan_FivePartitionsOfText_LastIsTwoHalves()
    {
        var sizes = PlanText(Default, 500 * Mega);

        Assert.Equal([100, 100, 100, 100, 50, 50], sizes.Select(size => size / Mega));
    }

    [Fact]
    public void Plan_TwoPartitions_StayTwo()
    {
        var sizes = PlanText(Default, 200 * Mega);

        Assert.Equal([100, 100], sizes.Select(size => size / Mega));
    }

    [Theory]
    [InlineData(60 * Mega, null, 9)]
    [InlineData(100 * Mega, 5, 5)]
    public void Plan_SmallPartitionsOrACount_AreWhatWasAskedFor(long targetBytes, int? most, int partitions)
    {
        var sizes = PlanText(new PartitioningSpec { TargetBytes = targetBytes, MaxPartitions = most }, 500 * Mega);

        Assert.Equal(partitions, sizes.Count);
        Assert.InRange(sizes.Max() - sizes.Min(), 0, 2);
    }

    [Fact]
    public void Plan_RowGroups_LastPartitionIsHalvedBetweenGroups()
    {
        var groups = Enumerable.Range(0, 12).Select(_ => new RowGroup(1000, 25 * Mega)).ToList();
        var probe = Probe(SourceFormat.Parquet, File(300 * Mega) with { RowGroups = groups, RowCount = 12000 });

        var (dataset, _) = PartitionPlanner.Plan(probe, new Dictionary<int, IReadOnlyList<AlignedRange>>(), Default);

        Assert.Equal(
            [(0, 4000), (4000, 8000), (8000, 10000), (10000, 12000)],
            dataset.Partitions.Select(p => (p.Slices.Single().Start, p.Slices.Single().End)));
    }

    [Fact]
    public void Plan_AnyFiles_CoversEachByteOnceInOrder() =>
        Gen.Select(Gen.Long[1, 400 * Mega].Array[1, 6], Gen.Long[1 * Mega, 200 * Mega], Gen.Int[1, 9].Nullable())
        .Sample((files, target, most) =>
        {
            var partitioning = new PartitioningSpec { TargetBytes = target, MaxPartitions = most };
            var probe = Probe(SourceFormat.Csv, [.. files.Select(File)]);
            var slices = Plan(probe, partitioning).SelectMany(partition => partition.Slices).ToList();

            var byFile = slices.GroupBy(slice => slice.File.Stamp.Path).Select(group => group.ToList()).ToList();
            Assert.Equal(files, byFile.Select(group => group[^1].End));
            Assert.All(byFile,
                group => Assert.Equal([0, .. group.SkipLast(1).Select(slice => slice.End)], group.Select(slice => slice.Start)));
            Assert.True(most is null || Plan(probe, partitioning).Count <= most + files.Length);
        });

    // 1 KiB each of a terabyte would be a thousand million rows and tasks.
    [Fact]
    public void Plan_TargetMuchTooSmall_MakesABoundedNumberOfPartitionsAndSaysSo()
    {
        var probe = Probe(SourceFormat.Csv, File(1L << 39), File(1L << 39));
        var fine = new PartitioningSpec { TargetBytes = 1024 };

        var partitions = Plan(probe, fine);
        var (_, warnings) = PartitionPlanner.Plan(probe, new Dictionary<int, IReadOnlyList<AlignedRange>>(), fine);

        Assert.InRange(partitions.Count, 99_000, 100_002);
        Assert.Equal(1L << 40, partitions.Sum(partition => partition.Bytes));
        Assert.Contains(warnings, warning => warning.Code == "target-raised");
    }

    private static List<long> PlanText(PartitioningSpec partitioning, params long[] files) =>
        [.. Plan(Probe(SourceFormat.Csv, [.. files.Select(File)]), partitioning).Select(partition => partition.Bytes)];

    // Records start wherever a cut is wished for.
    private static IReadOnlyList<DataPartition> Plan(DatasetProbe probe, PartitioningSpec partitioning)
    {
        var ranges = PartitionPlanner.PlanCuts(probe, partitioning).ToDictionary(
            cut => cut.Key,
            cut => (IReadOnlyList<AlignedRange>)[.. cut.Value.Prepend(0)
                .Zip([.. cut.Value, probe.Files[cut.Key].Stamp.Bytes],
                    (start, end) => new AlignedRange(start, end, end - start, 1))]);
        return PartitionPlanner.Plan(probe, ranges, partitioning).Dataset.Partitions;
    }

    private static DatasetProbe Probe(SourceFormat format, params SourceFile[] files) => new()
    {
        Format = format,
        Columns = [new ColumnSchema("v", "BIGINT")],
        Files = [.. files.Select((file, index) => file with { Stamp = file.Stamp with { Path = $"/data/{index}" } })],
    };

    private static SourceFile File(long bytes) =>
        new()
        {
            Stamp = new FileStamp("", bytes, DateTimeOffset.UnixEpoch), Splittable = true, UncompressedBytes = bytes,
            EstimatedRows = bytes,
        };
}
