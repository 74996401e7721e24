using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Cluster.WebConsole.Calls;
using Orleans.Cluster.WebConsole.Layout;

namespace Orleans.Cluster.WebConsole.Serving;

/// <summary>What the console's own application is made of.</summary>
internal static class ConsoleApplication
{
    /// <summary>
    /// Whatever a page needs comes from the gateway itself; nothing else is loaded, and no script or style stands in a page.
    /// </summary>
    private const string ContentPolicy =
        "default-src 'self'; base-uri 'self'; form-action 'self'; object-src 'none'; frame-ancestors 'self'";

    /// <param name="services">Where they are added.</param>
    /// <param name="gateway">What the pages call.</param>
    /// <param name="protection">
    /// Keys of what a page holds between its request and its connection, which may be another gateway's. A page that outlives
    /// both is loaded again.
    /// </param>
    public static void AddConsole(this IServiceCollection services, Uri gateway, IDataProtectionProvider protection)
    {
        services.AddSingleton(_ =>
            new GatewayHttp(
                new HttpClient(GatewayAddress.Handler()) { BaseAddress = gateway, Timeout = TimeSpan.FromSeconds(100) }));
        services.AddSingleton<Feeds>();
        services.AddScoped<GatewayCalls>();
        services.AddScoped<Notices>();
        services.AddSingleton(protection);
        services.AddRazorComponents().AddInteractiveServerComponents(Bound);
        services.AddCascadingAuthenticationState();
    }

    public static void UseConsole(this WebApplication console)
    {
        console.Use((context, next) =>
        {
            context.Response.Headers.ContentSecurityPolicy = ContentPolicy;
            return next(context);
        });
        console.UseAntiforgery();
        console.MapRazorComponents<App>()
            .AddInteractiveServerRenderMode(options => options.ContentSecurityFrameAncestorsPolicy = null);
    }

    // A viewer who has gone is kept for a minute, and 50 of them at most.
    private static void Bound(CircuitOptions circuits)
    {
        circuits.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(1);
        circuits.DisconnectedCircuitMaxRetained = 50;
        circuits.MaxBufferedUnacknowledgedRenderBatches = 20;
    }
}
