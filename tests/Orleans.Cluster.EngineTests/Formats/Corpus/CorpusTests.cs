using System.Globalization;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Formats.Corpus;

/// <summary>
/// Small files as many programs write them: header, types, rows and warnings of each, in one and several partitions and files.
/// </summary>
public sealed class CorpusTests : IDisposable
{
    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    public static TheoryData<string> Names => [.. Programs.All.Select(program => program.Program)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Convert_FilesOfAProgram_AreReadAsTheyWereMeant(string program)
    {
        foreach (var table in SmallTable.All)
        {
            var file = Programs.All.Single(writer => writer.Program == program).Write(table);
            await Check(file, partitions: 3);
            if (table.Name is "counts" or "words" && file.Parts is { } parts)
            {
                await CheckRows(file, 1, [.. parts.Select((part, i) => harness.Write($"part{i}-{file.Name}", part))]);
            }
        }
    }

    [Fact]
    public async Task Convert_FilesOfLabs_AreReadAsTheyWereMeant()
    {
        foreach (var file in LabFiles.All())
        {
            await Check(file, partitions: file.Name.StartsWith("cut-", StringComparison.Ordinal) ? 2 : 1);
        }
    }

    [Fact]
    public void Corpus_IsLarge() => Assert.True((Programs.All.Count * SmallTable.All.Count) + LabFiles.All().Count() >= 200);

    private async Task Check(WrittenFile file, int partitions)
    {
        var path = harness.Write(file.Name, file.Bytes);
        var probe = harness.Probe(new SourceSpec { Path = [path], Options = file.Options }, [EngineHarness.Stamp(path)]).Get();
        Assert.True(file.Columns.SequenceEqual(probe.Columns.Select(column => column.Name)),
            $"{file.Name} has the columns {Text(probe.Columns)}.");
        Assert.True(file.Types.SequenceEqual(probe.Columns.Select(column => column.Type)),
            $"{file.Name} has the types {Text(probe.Columns)}.");
        Assert.True(
            file.Warnings.Order().SequenceEqual(probe.Warnings.Select(warning => warning.Code).Distinct().Order()),
            $"{file.Name} has the warnings {string.Join(" ", probe.Warnings.Select(warning => warning.Detail))}");

        await CheckRows(file, partitions, path);
    }

    private async Task CheckRows(WrittenFile file, int partitions, params string[] paths)
    {
        var result = await harness.Run(new JobSpec
        {
            Operation = OperationKind.Convert,
            Source = new SourceSpec { Path = paths, Options = file.Options },
            Partitioning = new PartitioningSpec { MinPartitions = partitions },
        });
        var rows = result.GetProperty("rows")
            .EnumerateArray().Select(row => row.EnumerateArray().Select(Value).ToList()).ToList();

        Assert.True(
            rows.Count == file.Rows.Count && rows.Zip(file.Rows).All(pair => pair.First.SequenceEqual(pair.Second)),
            $"{file.Name} in {paths.Length} files and {partitions} partitions has the rows {result.GetProperty("rows")}.");
    }

    private static string? Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Number => value.GetDouble().ToString("R", CultureInfo.InvariantCulture),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => value.GetString(),
    };

    private static string Text(IEnumerable<ColumnSchema> columns) =>
        string.Join(", ", columns.Select(column => $"{column.Name} {column.Type}"));
}
