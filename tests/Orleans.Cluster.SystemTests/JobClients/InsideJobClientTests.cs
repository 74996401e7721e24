using System.Net.Http.Json;
using System.Text.Json;
using Orleans.Cluster.Client;
using Orleans.Cluster.InsideClient;
using Orleans.Cluster.SystemTests.Gateway;

namespace Orleans.Cluster.SystemTests.JobClients;

/// <summary>The contract by grain calls.</summary>
[Collection("gateway")]
public sealed class InsideJobClientTests(GatewayCluster gateway, InsideLink link)
    : JobClientContract(gateway), IClassFixture<InsideLink>
{
    private readonly GatewayCluster gateway = gateway;

    protected override IJobClient Jobs => link.Connection.Jobs;

    [Fact]
    public async Task Submit_ByAService_IsInTheAuditLogUnderItsName()
    {
        var submitted = await Jobs.SubmitAsync(Sums);
        await Assert.ThrowsAsync<Contracts.ClusterException>(() => Jobs.SubmitJsonAsync("{}"));

        var audit = await gateway.Http.GetFromJsonAsync<JsonElement>("audit?pageSize=5");
        var entries = audit.GetProperty("items")
            .EnumerateArray().Where(entry => entry.GetProperty("actor").GetString() == "service:contract-tests")
            .Select(entry =>
                (entry.GetProperty("action").GetString(), entry.GetProperty("target").GetString(),
                    entry.GetProperty("outcome").GetString()));
        Assert.Equal([("job.submit", "", "validation-failed"), ("job.submit", $"{submitted.Id}", "ok")], entries.Take(2));
    }

    [Fact]
    public async Task OpenResult_ReadAndClosed_LeavesNoFile()
    {
        var id = (await Jobs.SubmitAsync(Sums)).Id;
        await Jobs.WaitAsync(id);
        var scratch = Path.Combine(gateway.Cluster.StateFolder, "scratch", "results");

        await using (var rows = await Jobs.OpenResultAsync(id, ResultFormat.Csv))
        {
            Assert.NotEmpty(Directory.EnumerateFiles(scratch));
            Assert.Equal("gene,total", await new StreamReader(rows).ReadLineAsync());
        }

        await EndToEnd.EmbeddedCluster.Until(
            () => Task.FromResult(!Directory.EnumerateFiles(scratch).Any()), TimeSpan.FromSeconds(20),
            () => string.Join(", ", Directory.EnumerateFiles(scratch)));
    }

    [Fact]
    public async Task Open_WithoutACluster_SaysWhatIsMissing()
    {
        var noAddress = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(
            () => InsideConnection.OpenAsync(_ => { }));

        Assert.Contains("StateDirectory", noAddress.Message, StringComparison.Ordinal);
    }
}

/// <summary>One connection from inside for all tests of a class.</summary>
public sealed class InsideLink(GatewayCluster gateway) : IAsyncLifetime
{
    public InsideConnection Connection { get; private set; } = null!;

    // A busy machine is no lost silo: what is waited for here is an answer that comes.
    public async ValueTask InitializeAsync() => Connection = await InsideConnection.OpenAsync(options =>
    {
        (options.StateDirectory, options.Service) = (gateway.Cluster.StateFolder, "contract-tests");
        (options.ResponseTimeout, options.Patience) = (TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2));
    });

    public ValueTask DisposeAsync() => Connection.DisposeAsync();
}
