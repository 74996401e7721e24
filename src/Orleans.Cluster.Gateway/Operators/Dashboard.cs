using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Gateway.Requests;
using Orleans.Dashboard;

namespace Orleans.Cluster.Gateway.Operators;

/// <summary>The Orleans dashboard: at <c>/dashboard</c>, and on a port of its own, which shows nothing else.</summary>
internal static partial class Dashboard
{
    private const string Path = "/dashboard";
    private const string Endpoint = "Kestrel:Endpoints:OrleansDashboard";

    /// <summary>Adds the second address, unless another process has its port: the cluster is worth more than that address.</summary>
    public static void ListenForDashboard(this WebApplication app, ClusterSettings settings, string urls)
    {
        if (settings.DashboardPort == 0)
        {
            return;
        }

        var url = ListenAddresses.WithPort(urls, settings.DashboardPort);
        if (ListenAddresses.IsTaken(url))
        {
            Log.PortTaken(app.Logger, url, Path);
            return;
        }

        Listen(app, url, urls);
        app.UseWhen(context => context.Connection.LocalPort == settings.DashboardPort, branch => branch.Use((context, next) =>
        {
            if (context.Request.Path == "/")
            {
                context.Response.Redirect(Path + "/");
                return Task.CompletedTask;
            }

            if (!context.Request.Path.StartsWithSegments(Path))
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            }

            return next(context);
        }));
    }

    private static void Listen(WebApplication app, string url, string urls)
    {
        if (ListenAddresses.Endpoints(app.Configuration).FirstOrDefault() is not { } first)
        {
            // As soon as one address is added, those of the configuration count no more.
            foreach (var address in ListenAddresses.Split(urls).Append(url))
            {
                app.Urls.Add(address);
            }

            return;
        }

        // Where there are endpoints, addresses count no more: another one, with the certificate and the protocols of the first.
        foreach (var (key, value) in first.AsEnumerable(makePathsRelative: true).Where(setting => setting.Value is not null).ToList())
        {
            app.Configuration[$"{Endpoint}:{key}"] = value;
        }

        app.Configuration[$"{Endpoint}:Url"] = url;
    }

    public static RouteGroupBuilder MapDashboard(this IEndpointRouteBuilder routes) => routes.MapOrleansDashboard(Path);

    private static partial class Log
    {
        [LoggerMessage(1300, LogLevel.Warning, "{Url} is taken by another process; the dashboard is only at {Path}")]
        public static partial void PortTaken(ILogger logger, string url, string path);
    }
}
