using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Execution;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests;

/// <summary>Tasks that read earlier stages from an object store by addresses: a server of this test answers for it.</summary>
public sealed class ObjectArtifactTests : IAsyncDisposable
{
    private const string Address = "s3://atlas/artifacts/j/0/0/1/data.parquet";
    private static readonly AttemptId Producer = new(new TaskId(JobId.New(), 0, 3), 2);

    private readonly string folder = Directory.CreateTempSubdirectory("objects-").FullName;
    private readonly HttpListener server = new();
    private readonly LocalExecutor executor = new();
    private readonly Task answering;
    private readonly string url;
    private byte[]? content;
    private int away;
    private long served;

    public ObjectArtifactTests()
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            url = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/";
        }

        server.Prefixes.Add(url);
        server.Start();
        answering = Answer();
    }

    [Fact]
    public async Task Run_ArtifactIsAnObject_ReadsItAndCountsItsBytes()
    {
        var artifact = await Make();
        away = 3;

        var outcome = await executor.RunAsync(Read(artifact), null, TestContext.Current.CancellationToken);

        Assert.Null(outcome.Failure);
        Assert.Equal((1000, 1), (outcome.Manifest!.RowsIn, outcome.Manifest.RowsOut));
        Assert.Equal(artifact.Bytes, outcome.Manifest.Cost.StagedBytes);
        Assert.Equal(0, away);
        Assert.False(Directory.Exists(Path.Combine(folder, "scratch")));
    }

    [Fact]
    public async Task Run_PartsOfAnExchangeFile_FetchesNoMoreThanThemAndTheHeader()
    {
        var (artifact, whole) = await MakeExchange();
        var slice = whole with { Parts = [.. whole.Parts.Where(part => part.Target is 1 or 2)] };
        var read = artifact with
        {
            Slice = slice, Rows = slice.Parts.Sum(part => part.Rows), Bytes = slice.Parts.Sum(part => part.Bytes),
        };

        var outcome = await executor.RunAsync(
            Read(read) with { Query = "SELECT count(*) AS n FROM input WHERE n % 5 IN (1, 2)" }, null,
            TestContext.Current.CancellationToken);

        Assert.Null(outcome.Failure);
        Assert.Equal((40_000, 1), (outcome.Manifest!.RowsIn, outcome.Manifest.RowsOut));
        Assert.Equal(slice.HeaderBytes + read.Bytes, served);
        Assert.Equal(served, outcome.Manifest.Cost.StagedBytes);
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("changed")]
    [InlineData("shorter")]
    public async Task Run_PartsOfAnExchangeFileThatAreNotWhatWasCommitted_NamesItsProducer(string how)
    {
        var (artifact, whole) = await MakeExchange();
        content = how switch
        {
            "gone" => null,
            "shorter" => content![..^1],
            _ => [.. content![..^5], (byte)(content![^5] ^ 1), .. content![^4..]],
        };

        var failure = (await executor.RunAsync(
            Read(artifact with { Slice = whole }), null, TestContext.Current.CancellationToken)).Failure;

        Assert.Equal((FailureKind.ArtifactLost, Producer), (failure?.Kind, failure?.Lost));
        Assert.Contains(Address, failure!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(folder, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("changed")]
    [InlineData("shorter")]
    public async Task Run_ArtifactIsNotWhatWasCommitted_NamesItsProducer(string how)
    {
        var artifact = await Make();
        content = how switch
        {
            "gone" => null,
            "shorter" => content![..^1],
            _ => [.. content![..^5], (byte)(content![^5] ^ 1), .. content![^4..]],
        };

        var failure = (await executor.RunAsync(Read(artifact), null, TestContext.Current.CancellationToken)).Failure;

        Assert.Equal((FailureKind.ArtifactLost, Producer), (failure?.Kind, failure?.Lost));
        Assert.Contains(Address, failure!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(folder, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ArtifactsAreLargerThanTheScratchOfTheAttempt_AreNotBrought()
    {
        var artifact = await Make();

        var failure = (await executor.RunAsync(
            Read(artifact) with { ScratchBytes = artifact.Bytes - 1 }, null, TestContext.Current.CancellationToken)).Failure;

        Assert.Equal(FailureKind.OutOfDisk, failure?.Kind);
    }

    [Theory]
    [InlineData(ExportFormat.Csv, 990, 20L, 11)]
    [InlineData(ExportFormat.Csv, 0, null, 1001)]
    [InlineData(ExportFormat.Csv, 5, 1L, 2)]
    public async Task Export_ResultIsAnObject_HasTheRowsOfThePage(ExportFormat format, long offset, long? limit, int lines)
    {
        var artifact = await Make();
        var target = Path.Combine(folder, "page.csv");

        var answer = await executor.ExportAsync(
            new ExportRequest(
                [artifact], OutputFormat.Parquet, [new ColumnSchema("n", "BIGINT")], offset, limit, format, target)
            {
                Grant = Grant(artifact),
            },
            TestContext.Current.CancellationToken);

        Assert.Null(answer.Failure);
        var written = await File.ReadAllLinesAsync(target, TestContext.Current.CancellationToken);
        Assert.Equal((lines, $"{offset}"), (written.Length, written[1]));
        Assert.Equal([target], Directory.EnumerateFileSystemEntries(folder, "page*"));
    }

    public async ValueTask DisposeAsync()
    {
        server.Close();
        await answering;
        executor.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    // A thousand numbers, as a stage has written them.
    private async Task<ArtifactRef> Make()
    {
        var made = await executor.RunAsync(
            new TaskSpec
            {
                Attempt = Producer, Query = "SELECT range AS n FROM range(1000)", Inputs = [],
                Output = new TaskOutput { Kind = OutputKind.Result }, AttemptFolder = Path.Combine(folder, "made"),
                ScratchFolder = Path.Combine(folder, "scratch"), MemoryBytes = 512L << 20, IsDurable = false,
            },
            null, TestContext.Current.CancellationToken);
        var file = Assert.Single(made.Manifest!.Files);
        content = await File.ReadAllBytesAsync(
            Path.Combine(folder, "made", file.Path), TestContext.Current.CancellationToken);
        Assert.Equal(file.Sha256, Convert.ToHexStringLower(SHA256.HashData(content)));
        return new ArtifactRef(Producer, Address, file.Rows, file.Bytes, file.Sha256);
    }

    // Numbers for five targets.
    private async Task<(ArtifactRef Artifact, ExchangeSlice Slice)> MakeExchange()
    {
        var made = await executor.RunAsync(
            new TaskSpec
            {
                Attempt = Producer, Inputs = [],
                Query = $"SELECT range AS n, CAST(range % 5 AS INTEGER) AS {TaskOutput.TargetColumn} FROM range(100000)",
                Output = new TaskOutput { Kind = OutputKind.Exchange, Targets = 5 },
                AttemptFolder = Path.Combine(folder, "made"), ScratchFolder = Path.Combine(folder, "scratch"),
                MemoryBytes = 512L << 20, IsDurable = false,
            },
            null, TestContext.Current.CancellationToken);
        var file = Assert.Single(made.Manifest!.Files);
        content = await File.ReadAllBytesAsync(
            Path.Combine(folder, "made", file.Path), TestContext.Current.CancellationToken);
        Assert.Equal(file.Sha256, Convert.ToHexStringLower(SHA256.HashData(content)));
        var slice = ExchangeSlice.Parse(file.Index!);
        Assert.Equal(content.Length, slice.FileBytes);
        return (new ArtifactRef(Producer, Address, file.Rows, file.Bytes - slice.HeaderBytes, file.Sha256), slice);
    }

    private ObjectGrant Grant(ArtifactRef artifact) =>
        new([new ObjectAccess(artifact.Path, url, artifact.Stamp.Bytes, null)], null, Path.Combine(folder, "objects"));

    private TaskSpec Read(ArtifactRef artifact) => new()
    {
        Attempt = new AttemptId(new TaskId(Producer.Task.Job, 1, 0), 1),
        Query = "SELECT sum(n) AS total FROM input",
        Inputs = [new TaskInput("input", null, new ExchangeInput([new ColumnSchema("n", "BIGINT")], [artifact]))],
        Output = new TaskOutput { Kind = OutputKind.Result },
        AttemptFolder = Path.Combine(folder, "attempt"),
        ScratchFolder = Path.Combine(folder, "scratch"),
        MemoryBytes = 512L << 20,
        Grant = Grant(artifact),
    };

    private async Task Answer()
    {
        while (server.IsListening)
        {
            try
            {
                Answer(await server.GetContextAsync());
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return; // The test is over.
            }
        }
    }

    private void Answer(HttpListenerContext context)
    {
        using var response = context.Response;
        if (away > 0)
        {
            away--;
            response.StatusCode = 503;
            return;
        }

        if (content is null)
        {
            response.StatusCode = 404;
            return;
        }

        var range = context.Request.Headers["Range"]!["bytes=".Length..].Split('-');
        var (start, end) = (
            int.Parse(range[0], System.Globalization.CultureInfo.InvariantCulture),
            Math.Min(int.Parse(range[1], System.Globalization.CultureInfo.InvariantCulture), content.Length - 1));
        Interlocked.Add(ref served, end - start + 1);
        response.StatusCode = 206;
        response.Headers["Content-Range"] = $"bytes {start}-{end}/{content.Length}";
        response.ContentLength64 = end - start + 1;
        response.OutputStream.Write(content, start, end - start + 1);
    }
}
