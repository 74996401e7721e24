using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Partitioning;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.UnitTests.Partitioning;

/// <summary>Partitions follow each other by a key only where bounds show it of every row.</summary>
public sealed class SortedPartitionsTests
{
    private const string Up = "ASC NULLS LAST";
    private const string Down = "DESC NULLS LAST";

    [Theory]
    [InlineData("10-20 30-40 50-60", Up, false, "0 1 2")]
    [InlineData("10-20 30-40 50-60", Down, false, "2 1 0")]
    [InlineData("50-60 10-20 30-40", Up, false, "1 2 0")]
    [InlineData("10-20 20-30", Up, true, "0 1")]
    [InlineData("10-20 20-30", Up, false, null)]
    [InlineData("20-30 10-20", Down, true, "0 1")]
    [InlineData("20-30 10-20", Up, true, null)]
    [InlineData("10-20 20-30", Down, true, null)]
    [InlineData("10-30 20-40", Up, true, null)]
    [InlineData("10-60 20-30", Up, true, null)]
    [InlineData("10-10 10-10", Up, true, "0 1")]
    [InlineData("10-10 10-10", Up, false, null)]
    [InlineData("10-20 ? 50-60", Up, true, null)]
    public void Of_Bounds_AreInOrderOrOverlap(string bounds, string direction, bool isOnlyKey, string? order) =>
        Assert.Equal(order, Order(bounds, direction, isOnlyKey));

    [Theory]
    [InlineData("10-20 30-40+", Up, "0 1")]
    [InlineData("10-20+ 30-40", Up, null)]
    [InlineData("10-20+ 30-40", "ASC NULLS FIRST", "0 1")]
    [InlineData("10-20 30-40+", "ASC NULLS FIRST", null)]
    [InlineData("10-20+ 30-40", Down, "1 0")]
    [InlineData("10-20 30-40+", "DESC NULLS FIRST", "1 0")]
    [InlineData("10-20 - 30-40", Up, "0 2 1")]
    [InlineData("10-20 - 30-40", "ASC NULLS FIRST", "1 0 2")]
    [InlineData("10-20 30-40+ -", Up, null)]
    [InlineData("10-20+ - 30-40", Up, null)]
    public void Of_Nulls_AreBeforeOrBehindAllValues(string bounds, string direction, string? order) =>
        Assert.Equal(order, Order(bounds, direction, isOnlyKey: false));

    [Fact]
    public void Of_NullsOfTwoPartitions_FollowEachOtherWhereThereIsNoOtherKey() =>
        Assert.Equal("0 1 2", Order("10-20 30-40+ -", Up, isOnlyKey: true));

    [Fact]
    public void Of_RowsOutsideOfTheKnownRowGroups_AreNotSure()
    {
        var (dataset, judged) = Case("10-20 30-40");
        var longer = dataset.Partitions[1] with
        {
            Slices = [dataset.Partitions[1].Slices[0] with { End = 250 }],
        };

        var order = SortedPartitions.Of(
            dataset with { Partitions = [dataset.Partitions[0], longer] }, judged, Up, isOnlyKey: true);

        Assert.Null(order);
    }

    [Fact]
    public void Of_NoBoundsOfAFile_AreNotSure()
    {
        var (dataset, judged) = Case("10-20 30-40");

        Assert.Null(SortedPartitions.Of(dataset, judged with { Files = [] }, Up, isOnlyKey: true));
    }

    private static string? Order(string bounds, string direction, bool isOnlyKey)
    {
        var (dataset, judged) = Case(bounds);
        return SortedPartitions.Of(dataset, judged, direction, isOnlyKey) is { } order ? string.Join(' ', order) : null;
    }

    // A row group of a hundred rows for each partition: least and greatest value, with + where there are NULLs besides; - is of
    // NULLs alone, ? of nothing known.
    private static (PlannedDataset Dataset, JudgedRowGroups Judged) Case(string bounds)
    {
        var file = new SourceFile { Stamp = new FileStamp("/data/a.parquet", 1000, DateTimeOffset.UnixEpoch) };
        var groups = bounds.Split(' ').Select(text => new JudgedRowGroup(100, 10, true) { Bounds = BoundsOf(text) }).ToList();
        var partitions = groups.Select((_, place) => new DataPartition
        {
            Index = place,
            Bytes = 10,
            Slices =
                [new FileSlice { File = file, Start = 100 * place, End = 100 * (place + 1), Unit = SliceUnit.Rows, Rows = 100 }],
        });
        return (
            new PlannedDataset
            {
                Format = SourceFormat.Parquet, Columns = [new ColumnSchema("k", "BIGINT")], Partitions = [.. partitions],
                TotalBytes = 1000,
            },
            new JudgedRowGroups(groups.Count, [new FileRowGroups(file.Stamp.Path, groups)]));
    }

    private static RowGroupBounds? BoundsOf(string text) => text switch
    {
        "?" => null,
        "-" => new RowGroupBounds(null, null, 100),
        _ => new RowGroupBounds(text[..2], text[3..5], text.EndsWith('+') ? 1 : 0),
    };
}
