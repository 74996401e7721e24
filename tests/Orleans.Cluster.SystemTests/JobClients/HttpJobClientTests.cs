using Orleans.Cluster.Client;
using Orleans.Cluster.SystemTests.Gateway;

namespace Orleans.Cluster.SystemTests.JobClients;

/// <summary>The contract over HTTP.</summary>
[Collection("gateway")]
public sealed class HttpJobClientTests(GatewayCluster gateway) : JobClientContract(gateway), IDisposable
{
    private readonly ClusterConnection connection = ClusterConnection.Open(
        new Uri(gateway.Http.BaseAddress!.GetLeftPart(UriPartial.Authority)));

    protected override IJobClient Jobs => connection.Jobs;

    public void Dispose() => connection.Dispose();
}
