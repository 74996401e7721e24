using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Exchange;
using Orleans.Cluster.Engine.Execution;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests;

/// <summary>
/// The one file that a task of an exchange writes: values of all types come back as they were, in their order, and of a file that
/// is not as it was written no row does.
/// </summary>
public sealed class ExchangeFileTests : IDisposable
{
    private const string Numbered = "SELECT range AS n, hash(range) % 5 AS k FROM range(3000)";
    private readonly string folder = Directory.CreateTempSubdirectory("orleans-cluster-exchange-").FullName;
    private readonly LocalExecutor executor = new();
    private readonly JobId job = JobId.New();

    public void Dispose()
    {
        executor.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Read_ValuesOfAnyTypes_AreAsTheyWere(int seed)
    {
        const int Targets = 5;
        var random = new Random(seed);
        List<GeneratedColumn> columns = [.. Enumerable.Range(0, 5).Select(i => new GeneratedColumn($"c{i}", random))];
        var names = string.Join(", ", columns.Select(column => column.Name));
        var values = string.Join(", ", Enumerable.Range(0, 60).Select(_ =>
            $"({string.Join(", ", columns.Select(column => column.Value(random)))})"));
        var rows = "SELECT *, row_number() OVER () AS n, "
            + "(CASE WHEN n % 7 = 0 THEN NULL ELSE [n, n + 1] END)::INTEGER[2] AS pair "
            + $"FROM (VALUES {values}) AS v({names}), range(100)";
        var made = await Write(rows, "n % 5", Targets);

        for (var first = 0; first < Targets; first += 2)
        {
            var digest = "SELECT count(*) || ' ' || "
                + $"md5(string_agg(CAST(ROW(n, pair, {names}) AS VARCHAR), '|' ORDER BY n))";
            using var session = DuckDbSession.Open(SessionOptions.WithoutFiles);
            var expected = session.Query(
                $"{digest} FROM ({rows}) WHERE n % {Targets} BETWEEN {first} AND {first + 1}", row => row.GetString(0))[0];

            Assert.Equal(expected, await ReadOne($"{digest} AS d FROM x", made, first, first + 2));
        }
    }

    [Fact]
    public async Task Read_SomeColumns_TakesThoseAlone()
    {
        var made = await Write("SELECT range AS n, 'text ' || range AS t, [range] AS l FROM range(10000)", "n % 3", 3);

        Assert.Equal("16661667", await ReadOne("SELECT CAST(sum(n) AS VARCHAR) AS d FROM x", made, 1, 2));
        Assert.Equal("3333", await ReadOne("SELECT CAST(count(*) AS VARCHAR) AS d FROM x", made, 1, 2));
    }

    [Fact]
    public async Task Write_MoreThanMemoryHolds_MakesRunsThatKeepTheOrder()
    {
        const string Rows = "SELECT range AS n, repeat(md5(range::VARCHAR), 4) AS t FROM range(400000)";
        var made = await Write(Rows, "n % 3", 3, memory: 128L << 20);

        Assert.True(made.Parts().Count(part => part.Target == 1) > 1, "There is one run.");
        Assert.Equal("133333 0", await ReadOne(
            "SELECT count(*) || ' ' || count(*) FILTER (n <= before OR t <> repeat(md5(n::VARCHAR), 4)) AS d "
            + "FROM (SELECT *, lag(n) OVER () AS before FROM x)",
            made, 1, 2));
    }

    [Fact]
    public async Task Write_RowsOfSomeTargets_HasNoPartOfTheOthers()
    {
        var made = await Write(Numbered, "3", 512);

        var part = Assert.Single(made.Parts());
        Assert.Equal((3, 3000), (part.Target, part.Rows));
        Assert.Equal(made.Bytes, part.Offset + part.Bytes);
    }

    [Fact]
    public async Task Write_NoRows_MakesNoFile()
    {
        var outcome = await Run(Task(0, Numbered + " WHERE false", "n % 3", 3, 1L << 30));

        Assert.Empty(outcome.Manifest!.Files);
        Assert.Empty(Directory.GetFiles(Folder(0)));
    }

    [Theory]
    [InlineData("5")]
    [InlineData("-1")]
    [InlineData("NULL")]
    public async Task Write_RowWithoutATarget_Fails(string target)
    {
        var outcome = await Run(Task(0, Numbered, $"CASE WHEN n = 2999 THEN {target} ELSE 0 END", 5, 1L << 30));

        Assert.Equal(FailureKind.Internal, outcome.Failure!.Kind);
        Assert.Contains("outside [0, 5)", outcome.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_AnyByteIsAnother_IsLost()
    {
        var made = await Write(Numbered, "k", 5);
        var (path, whole) = (Path.Combine(Folder(0), made.Path), await File.ReadAllBytesAsync(
            Path.Combine(Folder(0), made.Path), TestContext.Current.CancellationToken));
        var read = made.Parts().Where(part => part.Target is 1 or 2).ToList();
        for (var at = 0; at < whole.Length; at += at < 200 ? 1 : 173)
        {
            var flipped = whole.ToArray();
            flipped[at] ^= 0x10;
            await File.WriteAllBytesAsync(path, flipped, TestContext.Current.CancellationToken);

            var outcome = await Read("SELECT count(*) AS d FROM x", made, 1, 3);

            var isRead = at < made.Parts()[0].Offset || (at >= read[0].Offset && at < read[1].Offset + read[1].Bytes);
            Assert.Equal(isRead ? FailureKind.ArtifactLost : null, outcome.Failure?.Kind);
            Assert.Equal(isRead ? new AttemptId(new TaskId(job, 0, 0), 1) : null, outcome.Failure?.Lost);
        }
    }

    [Fact]
    public async Task Read_FileIsCut_IsLost()
    {
        var made = await Write(Numbered, "k", 5);
        using var file = File.OpenHandle(Path.Combine(Folder(0), made.Path), FileMode.Open, FileAccess.Write);
        for (var length = made.Bytes - 1; length >= 0; length -= 997)
        {
            RandomAccess.SetLength(file, length);

            Assert.Equal(FailureKind.ArtifactLost, (await Read("SELECT count(*) AS d FROM x", made, 4, 5)).Failure?.Kind);
        }
    }

    [Fact]
    public async Task Read_FileOfAnotherAttempt_IsLost()
    {
        var made = await Write(Numbered, "k", 5);
        var other = await Run(Task(1, Numbered, "k", 5, 1L << 30));
        File.Copy(Path.Combine(Folder(1), other.Manifest!.Files[0].Path), Path.Combine(Folder(0), made.Path), overwrite: true);

        Assert.Equal(FailureKind.ArtifactLost, (await Read("SELECT count(*) AS d FROM x", made, 0, 5)).Failure?.Kind);
    }

    [Fact]
    public async Task Read_AfterParquetOfAnEarlierVersion_KeepsTheOrderOfTheFiles()
    {
        var made = await Write("SELECT range AS n FROM range(10, 20)", "0", 2);
        var plain = await Run(Task(1, "SELECT range AS n FROM range(10)", null, 1, 1L << 30));
        var file = plain.Manifest!.Files[0];
        var parquet = new ArtifactRef(
            new AttemptId(new TaskId(job, 0, 1), 1), Path.Combine(Folder(1), file.Path), file.Rows, file.Bytes, file.Sha256);

        var outcome = await Run(Reading(
            "SELECT CAST(list(n) AS VARCHAR) AS d FROM (SELECT n, row_number() OVER () FROM x)",
            [new ColumnSchema("n", "BIGINT")], [parquet, Part(made, 0, 1), parquet]));

        Assert.Equal(
            $"[{string.Join(", ", Enumerable.Range(0, 20).Concat(Enumerable.Range(0, 10)))}]", Only(outcome));
    }

    [Fact]
    public void Holds_WhatOnlyParquetHas_IsRefused()
    {
        Assert.True(ExchangeWriter.Holds([new ColumnSchema("a", "STRUCT(x MAP(VARCHAR, DECIMAL(38,2)[]), y JSON)[3]")]));
        Assert.False(ExchangeWriter.Holds([new ColumnSchema("a", "UNION(x INTEGER, y VARCHAR)[]")]));
        Assert.False(ExchangeWriter.Holds([new ColumnSchema("a", "VARIANT")]));
    }

    private async Task<ArtifactFile> Write(string rows, string target, int targets, long memory = 1L << 30)
    {
        var outcome = await Run(Task(0, rows, target, targets, memory));
        Assert.Null(outcome.Failure);
        columns = outcome.Manifest!.Columns;
        return Assert.Single(outcome.Manifest.Files);
    }

    private IReadOnlyList<ColumnSchema> columns = [];

    private async Task<string> ReadOne(string query, ArtifactFile file, int first, int end) =>
        Only(await Read(query, file, first, end));

    private Task<TaskOutcome> Read(string query, ArtifactFile file, int first, int end) =>
        Run(Reading(query, columns, [Part(file, first, end)]));

    private ArtifactRef Part(ArtifactFile file, int first, int end)
    {
        var slice = ExchangeSlice.Parse(file.Index!);
        var parts = slice.Parts.Where(part => part.Target >= first && part.Target < end).ToList();
        return new ArtifactRef(
            new AttemptId(new TaskId(job, 0, 0), 1), Path.Combine(Folder(0), file.Path), parts.Sum(part => part.Rows),
            parts.Sum(part => part.Bytes), file.Sha256) { Slice = slice with { Parts = parts } };
    }

    private string Only(TaskOutcome outcome)
    {
        Assert.Null(outcome.Failure);
        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with { Folders = [folder] });
        var path = Path.Combine(folder, "read", outcome.Manifest!.Files[0].Path);
        return session.Query($"SELECT d FROM {SqlText.Literal(path)}", row => row.GetString(0))[0];
    }

    private string Folder(int partition) => Path.Combine(folder, partition.ToString(CultureInfo.InvariantCulture));

    private Task<TaskOutcome> Run(TaskSpec task) => executor.RunAsync(task, null, TestContext.Current.CancellationToken);

    private TaskSpec Reading(string query, IReadOnlyList<ColumnSchema> of, IReadOnlyList<ArtifactRef> files) => new()
    {
        Attempt = new AttemptId(new TaskId(job, 1, 0), 1),
        Query = query,
        Inputs = [new TaskInput("x", null, new ExchangeInput(of, files))],
        Output = new TaskOutput { Kind = OutputKind.Single },
        AttemptFolder = Path.Combine(folder, "read"),
        ScratchFolder = Path.Combine(folder, "scratch"),
        MemoryBytes = 1L << 30,
    };

    private TaskSpec Task(int partition, string rows, string? target, int targets, long memory) => new()
    {
        Attempt = new AttemptId(new TaskId(job, 0, partition), 1),
        Query = target is null ? rows : $"SELECT *, CAST({target} AS INTEGER) AS {TaskOutput.TargetColumn} FROM ({rows})",
        Inputs = [],
        Output = new TaskOutput { Kind = target is null ? OutputKind.Single : OutputKind.Exchange, Targets = targets },
        AttemptFolder = Folder(partition),
        ScratchFolder = Path.Combine(folder, "scratch"),
        MemoryBytes = memory,
    };
}
