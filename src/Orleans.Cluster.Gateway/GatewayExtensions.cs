using Orleans.Cluster.Contracts;
using Orleans.Cluster.Files;
using Orleans.Cluster.Gateway.Access;
using Orleans.Cluster.Gateway.Jobs;
using Orleans.Cluster.Gateway.Operators;
using Orleans.Cluster.Gateway.Reference;
using Orleans.Cluster.Gateway.Requests;

namespace Orleans.Cluster.Gateway;

/// <summary>All of the gateway's REST endpoints.</summary>
internal static class GatewayExtensions
{
    public static IServiceCollection AddGateway(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<GatewayOptions>()
            .Bind(configuration.GetSection(GatewayOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.ConfigureHttpJsonOptions(options => WireJson.Apply(options.SerializerOptions));
        services.AddSingleton<IStartupFilter, GatewayPipeline>();
        services.AddSingleton<LargeBodies>();
        services.AddSingleton<JobRequests>();
        services.AddSingleton<JobEventStream>();
        services.AddSingleton<ClusterEventStream>();
        services.AddSingleton<InsightDesk>();
        services.AddJobPlanning();
        services.AddApiReference();
        services.AddGatewayAccess(configuration.GetSection(GatewayOptions.Section).Get<GatewayOptions>() ?? new GatewayOptions());
        return services;
    }

    public static IEndpointRouteBuilder MapGateway(this IEndpointRouteBuilder routes)
    {
        routes.MapJobs();
        routes.MapJobDetails();
        routes.MapInsight();
        routes.MapSession();
        routes.MapQueue();
        routes.MapResources();
        routes.MapData();
        routes.MapBrowse();
        routes.MapKeys();
        routes.MapAudit();
        return routes;
    }

    /// <summary>
    /// Puts the gateway's rules before everything else that the process serves, the dashboard and unknown addresses too.
    /// </summary>
    private sealed class GatewayPipeline : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.UseMiddleware<ProblemsMiddleware>();
            app.UseMiddleware<BrowserGuard>();
            next(app);
        };
    }
}
