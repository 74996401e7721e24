using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Gateway;

[CollectionDefinition("gateway")]
public sealed class GatewayCollection : ICollectionFixture<GatewayCluster>;

/// <summary>One embedded cluster for the tests of the REST interface, with a little data.</summary>
public sealed class GatewayCluster : IAsyncLifetime
{
    public EmbeddedCluster Cluster { get; } = new()
    {
        Workers = 1,
        Arguments =
        [
            "--Callbacks:AllowPrivateTargets=true", "--Callbacks:FirstDelay=00:00:00.100",
            "--Callbacks:LongestDelay=00:00:00.300",
            "--Callbacks:Timeout=00:00:02",
            // What can be refused is refused at once, on a machine that is slow too.
            "--Jobs:PlanBeforeAccept=00:00:30",
        ],
    };

    public HttpClient Http => Cluster.Http;

    public async ValueTask InitializeAsync()
    {
        var lines = new StringBuilder("gene,n\n");
        for (var row = 0; row < 1000; row++)
        {
            lines.Append(System.Globalization.CultureInfo.InvariantCulture, $"g{row % 10},{row}\n");
        }

        Write("genes.csv", lines.ToString());
        await Cluster.StartAsync();
    }

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();

    public void Write(string name, string text) => File.WriteAllText(Path.Combine(Cluster.Folder, name), text);

    /// <summary>A job over the little table.</summary>
    public static object Sums(object? more = null) => new
    {
        operation = "aggregate",
        source = new { path = "genes.csv" },
        parameters = new
        {
            groupBy = new[] { "gene" }, aggregates = new[] { new { function = "sum", column = "n", @as = "total" } },
            orderBy = new[] { new { column = "gene" } },
        },
        labels = more,
    };

    public async Task<string> SucceededAsync(object job)
    {
        var end = await Cluster.WaitForEndAsync(Id(await Cluster.SubmitAsync(job)));
        Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED", end.ToString());
        return Id(end);
    }

    public async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(
        HttpMethod method, string path, object? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = body is string text
                ? new StringContent(text, Encoding.UTF8, "application/json")
                : JsonContent.Create(body);
        }

        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        using var response = await Http.SendAsync(request);
        var answer = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, answer.Length == 0 ? default : JsonDocument.Parse(answer).RootElement);
    }

    public static string Id(JsonElement status) => status.GetProperty("id").GetString()!;

    public static string Code(JsonElement problem) => problem.GetProperty("code").GetString()!;
}
