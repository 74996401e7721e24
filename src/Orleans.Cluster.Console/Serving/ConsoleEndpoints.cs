using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Orleans.Cluster.WebConsole.Serving;

/// <summary>Addresses of the web console in the process that serves it.</summary>
public static class ConsoleEndpoints
{
    /// <summary>
    /// Pages and files of the console. They are open to everybody, since nothing in them is anybody's data: what a page shows, it
    /// asks the REST API for, in the name of whoever looks at it.
    /// </summary>
    /// <returns>All of them, for what the process says of them.</returns>
    public static IEndpointConventionBuilder MapConsole(this IEndpointRouteBuilder routes)
    {
        var host = new LazyConsole(
            routes.ServiceProvider.GetRequiredService<ILoggerFactory>(),
            routes.ServiceProvider.GetRequiredService<IDataProtectionProvider>());
        var all = routes.MapGroup("").WithMetadata(new AllowAnonymousAttribute()).ExcludeFromDescription();
        foreach (var pattern in ConsolePages.Patterns)
        {
            all.MapGet(pattern, host.Serve);
        }

        all.Map("/_blazor/{**rest}", host.Serve);
        all.MapGet("/console/{file}", ConsoleAssets.Serve);
        all.MapGet("/_framework/{file}", ConsoleAssets.Serve);
        return all;
    }
}
