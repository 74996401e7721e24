using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Gateway.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.UnitTests.Gateway;

/// <summary>Rows on their way to a client, out of a file that still grows.</summary>
public sealed class RowsPageTests : IDisposable
{
    private readonly string path = Path.Combine(Path.GetTempPath(), $"rows-{Guid.NewGuid():N}");
    private readonly TaskCompletionSource written = new();
    private readonly Connection connection = new();
    private readonly MemoryStream answer = new();

    public void Dispose()
    {
        File.Delete(path);
        connection.Dispose();
    }

    [Fact]
    public async Task Answer_FileThatGrows_IsWholeWhenItEnds()
    {
        File.WriteAllText(path, "first ");
        var answering = Answer();
        File.AppendAllText(path, "second");
        written.SetResult();

        await answering;

        Assert.Equal("first second", System.Text.Encoding.UTF8.GetString(answer.ToArray()));
        Assert.False(connection.IsBroken);
    }

    // A document that ends where its reading was given up would look whole to who is still there.
    [Fact]
    public async Task Answer_ReadingGivenUp_BreaksTheConnection()
    {
        File.WriteAllText(path, "first ");
        var answering = Answer();

        await connection.Aborted.CancelAsync();
        await answering;

        Assert.True(connection.IsBroken);
        written.SetResult();
    }

    [Fact]
    public async Task Answer_WritingThatFails_FailsTheAnswer()
    {
        File.WriteAllText(path, "first ");
        var answering = Answer();

        written.SetException(new IOException("No space is left."));

        Assert.Equal("No space is left.", (await Assert.ThrowsAsync<IOException>(() => answering)).Message);
    }

    private async Task Answer()
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpRequestLifetimeFeature>(connection);
        context.Response.Body = answer;
        var page = new RowsPage(ExportFormat.Csv, 0, null);
        var rows = new RowsFile(path, new ExportedRows(2, 2), written.Task, new CancellationTokenSource());
        context.RequestServices = new NoServices();
        await page.Answer(context.Response, rows, "rows").ExecuteAsync(context);
    }

    // A connection that says whether it was broken off.
    private sealed class Connection : IHttpRequestLifetimeFeature, IDisposable
    {
        public CancellationTokenSource Aborted { get; } = new();

        public bool IsBroken { get; private set; }

        public CancellationToken RequestAborted { get => Aborted.Token; set => throw new NotSupportedException(); }

        public void Abort() => IsBroken = true;

        public void Dispose() => Aborted.Dispose();
    }

    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => serviceType == typeof(Microsoft.Extensions.Logging.ILoggerFactory)
            ? Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance
            : null;
    }
}
