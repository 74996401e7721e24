using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Cluster.Client;

namespace Orleans.Cluster.InsideClient;

/// <summary>
/// A connection of a program's own, for those without a host, and for hosts that use Orleans themselves. Dispose it when done.
/// </summary>
public sealed class InsideConnection : IAsyncDisposable
{
    private readonly IHost host;

    private InsideConnection(IHost host) => this.host = host;

    /// <summary>Jobs and their results.</summary>
    public IJobClient Jobs => host.Services.GetRequiredService<IJobClient>();

    /// <summary>Connects to a cluster; waits for it up to <see cref="InsideClientOptions.Patience"/>.</summary>
    /// <exception cref="ClusterUnreachableException">No silo of the cluster answered.</exception>
    public static async Task<InsideConnection> OpenAsync(
        Action<InsideClientOptions> configure, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddOrleansClusterInside(configure);
        var host = builder.Build();
        try
        {
            await host.StartAsync(cancellationToken);
            return new InsideConnection(host);
        }
        catch (Exception exception) when (InsideCalls.IsPassing(exception))
        {
            await DisposeAsync(host);
            throw new ClusterUnreachableException(null, exception);
        }
        catch
        {
            await DisposeAsync(host);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        await DisposeAsync(host);
    }

    // Some of its services can only be disposed of in this way.
    private static ValueTask DisposeAsync(IHost host) => ((IAsyncDisposable)host).DisposeAsync();
}
