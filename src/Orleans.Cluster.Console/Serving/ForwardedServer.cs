using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace Orleans.Cluster.WebConsole.Serving;

/// <summary>A server without a socket: its requests are handed over by the server of the process.</summary>
internal sealed class ForwardedServer : IServer
{
    private Func<IFeatureCollection, Task>? handle;

    public IFeatureCollection Features { get; } = new FeatureCollection();

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
    {
        handle = features => Process(application, features);
        return Task.CompletedTask;
    }

    public Task Handle(IFeatureCollection features) =>
        handle?.Invoke(features) ?? throw new InvalidOperationException("The console has not started.");

    public Task StopAsync(CancellationToken cancellationToken)
    {
        handle = null;
        return Task.CompletedTask;
    }

    public void Dispose()
    {
    }

    private static async Task Process<TContext>(IHttpApplication<TContext> application, IFeatureCollection features)
        where TContext : notnull
    {
        var context = application.CreateContext(features);
        try
        {
            await application.ProcessRequestAsync(context);
        }
        catch (Exception e)
        {
            application.DisposeContext(context, e);
            throw;
        }

        application.DisposeContext(context, null);
    }
}
