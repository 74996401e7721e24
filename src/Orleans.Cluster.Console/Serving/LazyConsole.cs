using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Features.Authentication;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Cluster.WebConsole.Calls;

namespace Orleans.Cluster.WebConsole.Serving;

/// <summary>
/// The console as an application of its own inside the process, made when somebody opens its first page: a gateway that nobody
/// looks at pays nothing for it, neither at start nor later. It shares no service with the gateway but keys, so it can use only
/// what everybody can call.
/// </summary>
internal sealed class LazyConsole(ILoggerFactory loggers, IDataProtectionProvider protection)
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private Started? started;

    public async Task Serve(HttpContext context)
    {
        var console = started ?? await Start(context);
        await using var scope = console.Services.CreateAsyncScope();
        await console.Server.Handle(FeaturesFor(context, scope.ServiceProvider));
    }

    private async Task<Started> Start(HttpContext context)
    {
        await gate.WaitAsync(context.RequestAborted);
        try
        {
            return started ??= await Build(GatewayAddress.Of(context));
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<Started> Build(Uri gateway)
    {
        var made = new ForwardedServer();
        var builder = WebApplication.CreateEmptyBuilder(
            new WebApplicationOptions { ApplicationName = typeof(LazyConsole).Assembly.GetName().Name });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<Microsoft.AspNetCore.Hosting.Server.IServer>(made);
        builder.Services.AddConsole(gateway, protection);
        var console = builder.Build();
        console.UseConsole();
        await console.StartAsync();
        return new Started(made, console.Services);
    }

    // All that the server gave to the request, but no trace of the route that led here.
    private static FeatureCollection FeaturesFor(HttpContext context, IServiceProvider services)
    {
        var features = new FeatureCollection(context.Features);
        features.Set<IEndpointFeature>(new NoRoute());
        features.Set<IRouteValuesFeature>(new RouteValuesFeature());
        features.Set<IServiceProvidersFeature>(new OwnServices { RequestServices = services });
        features.Set<IItemsFeature>(new ItemsFeature());
        features.Set<IHttpAuthenticationFeature>(new Viewer { User = ViewerOf(context) });
        return features;
    }

    // Who looks at the page, with what the browser has signed in with: the console asks for everything in the viewer's name.
    private static ClaimsPrincipal ViewerOf(HttpContext context) =>
        context.User.Identity?.IsAuthenticated == true && context.Request.Cookies[SessionCookie.Name] is { } session
            ? new ClaimsPrincipal(
                new ClaimsIdentity([.. context.User.Claims, new Claim(SessionCookie.Claim, session)], "Session"))
            : context.User;

    private sealed class Viewer : IHttpAuthenticationFeature
    {
        public ClaimsPrincipal? User { get; set; }
    }

    private sealed record Started(ForwardedServer Server, IServiceProvider Services);

    private sealed class NoRoute : IEndpointFeature
    {
        public Endpoint? Endpoint { get; set; }
    }

    private sealed class OwnServices : IServiceProvidersFeature
    {
        public required IServiceProvider RequestServices { get; set; }
    }
}
