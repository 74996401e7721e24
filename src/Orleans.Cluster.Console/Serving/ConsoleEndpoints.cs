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
    /// Pages and files of the console. They are open to everybody, since nothing in them is anybody's data: what a page shows, it asks the
    /// REST API for, in the name of whoever looks at it.
    /// </summary>
    public static void MapConsole(this IEndpointRouteBuilder routes)
    {
        var host = new LazyConsole(
            routes.ServiceProvider.GetRequiredService<ILoggerFactory>(), routes.ServiceProvider.GetRequiredService<IDataProtectionProvider>());
        foreach (var pattern in ConsolePages.Patterns)
        {
            routes.MapGet(pattern, host.Serve).WithMetadata(new AllowAnonymousAttribute()).ExcludeFromDescription();
        }

        routes.Map("/_blazor/{**rest}", host.Serve).WithMetadata(new AllowAnonymousAttribute()).ExcludeFromDescription();
        routes.MapGet("/console/{file}", ConsoleAssets.Serve).WithMetadata(new AllowAnonymousAttribute()).ExcludeFromDescription();
        routes.MapGet("/_framework/{file}", ConsoleAssets.Serve).WithMetadata(new AllowAnonymousAttribute()).ExcludeFromDescription();
    }
}
