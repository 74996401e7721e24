using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Orleans.Cluster.SystemTests.EndToEnd;
using static Orleans.Cluster.SystemTests.Gateway.GatewayCluster;

namespace Orleans.Cluster.SystemTests.Gateway;

/// <summary>A gateway whose workers would be run by hand, and are not: what is submitted waits.</summary>
public sealed class HandRunGatewayTests : IAsyncLifetime
{
    private const int MostJobs = 5;
    private static readonly TimeSpan RepeatPatience = TimeSpan.FromSeconds(0.5);

    private readonly EmbeddedCluster cluster = new()
    {
        Workers = 0,
        Arguments = ["--Scaling:Target=Fixed", $"--Queue:MaxActiveJobs={MostJobs}", $"--Jobs:RepeatPatience={RepeatPatience}"],
    };

    public async ValueTask InitializeAsync()
    {
        File.WriteAllText(Path.Combine(cluster.Folder, "genes.csv"), "gene,n\na,1\n");
        await cluster.StartAsync();
    }

    public ValueTask DisposeAsync() => cluster.DisposeAsync();

    [Fact, Provokes("scaling-not-supported", "output-in-use", "idempotency-in-flight", "queue-full")]
    public async Task Requests_ThatCannotBeMetNow_AreRefusedWithTheirCodes()
    {
        var scale = await PostAsync("cluster/scale", new { workers = 2 });
        var first = await PostAsync("jobs/submit", Into("out"));
        var second = await PostAsync("jobs/submit", Into("out"));
        var (held, repeated) = await WhileTheDatabaseIsHeldAsync();
        var refused = first;
        for (var n = 0; n < MostJobs && refused.Status == HttpStatusCode.Accepted; n++)
        {
            refused = await PostAsync("jobs/submit", Sums());
        }

        Assert.Equal((HttpStatusCode.Conflict, "scaling-not-supported"), (scale.Status, Code(scale.Body)));
        Assert.Equal((HttpStatusCode.Conflict, "output-in-use"), (second.Status, Code(second.Body)));
        Assert.Contains(Id(first.Body), second.Body.ToString(), StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.Conflict, "idempotency-in-flight"), (repeated.Status, Code(repeated.Body)));
        // On a machine that stands still it may have been held for longer than a write is tried.
        Assert.Contains(held.Status, (HttpStatusCode[])[HttpStatusCode.Accepted, HttpStatusCode.ServiceUnavailable]);
        Assert.Equal((HttpStatusCode.TooManyRequests, "queue-full"), (refused.Status, Code(refused.Body)));
        Assert.Equal("1", refused.RetryAfter);
    }

    // A submit cannot be stored while somebody else writes to the database; who repeats it waits for it, but not for ever.
    private async Task<(Answer First, Answer Second)> WhileTheDatabaseIsHeldAsync()
    {
        await using var connection = new SqliteConnection(
            $"Data Source={Path.Combine(cluster.StateFolder, "cluster.db")};Pooling=false");
        await connection.OpenAsync();
        await using var transaction = connection.BeginTransaction(deferred: false);
        var both = Task.WhenAll(PostAsync("jobs/submit", Sums(), "held"), PostAsync("jobs/submit", Sums(), "held"));

        // The refusal is decided after RepeatPatience, but it is not told before the audit log has it.
        await Task.WhenAny(both, Task.Delay(6 * RepeatPatience));
        await transaction.RollbackAsync();

        // Nobody knows which of the two came first.
        return (await both) is [var one, { Status: HttpStatusCode.Conflict } refused]
            ? (one, refused)
            : ((await both)[1], (await both)[0]);
    }

    private static object Into(string folder) =>
        new { operation = "convert", source = new { path = "genes.csv" }, output = new { path = folder } };

    private async Task<Answer> PostAsync(string path, object body, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        using var response = await cluster.Http.SendAsync(request);
        return new Answer(
            response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>(),
            response.Headers.RetryAfter?.ToString());
    }

    private sealed record Answer(HttpStatusCode Status, JsonElement Body, string? RetryAfter);
}
