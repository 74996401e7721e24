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
    [InlineData("10-30 20-40 50-60 70-80", Up, true, "01 2 3")]
    [InlineData("70-80 20-40 50-60 10-30", Down, false, "0 2 13")]
    [InlineData("50-90 10-20 60-70 80-95", Up, false, "1 023")]
    [InlineData("10-40 50-55 20-60 30-35", Down, false, null)]
    [InlineData("10-20 20-30 40-50", Up, false, "01 2")]
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
    [InlineData("10-20 30-40 50-60+", "ASC NULLS FIRST", null)]
    [InlineData("10-20 30-40 50-60+ 70-80", "ASC NULLS FIRST", "012 3")]
    [InlineData("10-20+ 30-40 50-60", Down, "2 1 0")]
    [InlineData("10-20 30-40+ 50-60", Down, "2 01")]
    [InlineData("50-60+ 10-20 30-40 -", "DESC NULLS FIRST", "03 2 1")]
    [InlineData("10-20+ 30-40", Down, "1 0")]
    [InlineData("10-20 30-40+", "DESC NULLS FIRST", "1 0")]
    [InlineData("10-20 - 30-40", Up, "0 2 1")]
    [InlineData("10-20 - 30-40", "ASC NULLS FIRST", "1 0 2")]
    [InlineData("10-20 30-40+ -", Up, "0 12")]
    [InlineData("10-20+ 30-40 -", Up, null)]
    public void Of_Nulls_AreBeforeOrBehindAllValues(string bounds, string direction, string? order) =>
        Assert.Equal(order, Order(bounds, direction, isOnlyKey: false));

    [Fact]
    public void Of_NullsOfTwoPartitions_FollowEachOtherWhereThereIsNoOtherKey() =>
        Assert.Equal("0 1 2", Order("10-20 30-40+ -", Up, isOnlyKey: true));

    [Fact]
    public void Of_SmallRowGroups_ArePackedInTheirOrder()
    {
        var (dataset, judged) = Case("10-20 70-80 30-40 50-60 90-95");

        var sorted = SortedPartitions.Of(dataset, judged, Up, isOnlyKey: false, wishedRows: 250)!;

        Assert.Equal(["0 2", "1 3", "4"], sorted.Partitions.Select(Groups));
        Assert.Equal([0, 1, 2], sorted.Partitions.Select(partition => partition.Index));
        Assert.Equal([20L, 20, 10], sorted.Partitions.Select(partition => partition.Bytes));
        Assert.Equal([200L, 200, 100], sorted.Partitions.Select(partition => partition.EstimatedRows));
    }

    [Fact]
    public void Of_RowGroupsThatOverlap_AreOnePartitionUpToASize()
    {
        var (dataset, judged) = Case("10-20 15-25 20-30 25-35 40-50");

        Assert.Equal(
            ["0 1 2 3", "4"], SortedPartitions.Of(dataset, judged, Up, false, wishedRows: 100)!.Partitions.Select(Groups));
        Assert.Null(SortedPartitions.Of(dataset, judged, Up, false, wishedRows: 99));
    }

    [Fact]
    public void Of_RowsOutsideOfTheKnownRowGroups_AreNotSure()
    {
        var (dataset, judged) = Case("10-20 30-40");
        var longer = dataset.Partitions[1] with
        {
            Slices = [dataset.Partitions[1].Slices[0] with { End = 250 }],
        };

        var sorted = SortedPartitions.Of(
            dataset with { Partitions = [dataset.Partitions[0], longer] }, judged, Up, isOnlyKey: true, wishedRows: 100);

        Assert.Null(sorted);
    }

    [Fact]
    public void Of_NoBoundsOfAFile_AreNotSure()
    {
        var (dataset, judged) = Case("10-20 30-40");

        Assert.Null(SortedPartitions.Of(dataset, judged with { Files = [] }, Up, isOnlyKey: true, wishedRows: 100));
    }

    // The row groups of each partition, none of which would be packed with another.
    private static string? Order(string bounds, string direction, bool isOnlyKey)
    {
        var (dataset, judged) = Case(bounds);
        return SortedPartitions.Of(dataset, judged, direction, isOnlyKey, wishedRows: 100) is { } sorted
            ? string.Join(' ', sorted.Partitions.Select(each => Groups(each).Replace(" ", "", StringComparison.Ordinal)))
            : null;
    }

    private static string Groups(DataPartition partition) => string.Join(' ', partition.Slices.SelectMany(
        slice => Enumerable.Range((int)slice.Start / 100, (int)(slice.End - slice.Start) / 100)));

    // A row group of a hundred rows for each partition: least and greatest value, with + where there are NULLs besides; - is of
    // NULLs alone, ? of nothing known.
    private static (PlannedDataset Dataset, JudgedRowGroups Judged) Case(string bounds)
    {
        var file = new SourceFile { Stamp = new FileStamp("/data/a.parquet", 1000, DateTimeOffset.UnixEpoch) };
        var groups = bounds.Split(' ').Select(text => new JudgedRowGroup(100, 10, true) { Bounds = BoundsOf(text) }).ToList();
        var partitions = groups.Select((_, place) => new DataPartition
        {
            Index = place,
            Bytes = 25,
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
