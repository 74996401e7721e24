using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Net.Http.Headers;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Gateway.Requests;
using Orleans.Dashboard;

namespace Orleans.Cluster.Gateway.Operators;

/// <summary>The Orleans dashboard: at <c>/dashboard</c>, and on a port of its own, which shows nothing else.</summary>
internal static partial class Dashboard
{
    private const string Path = "/dashboard";
    private const string Script = Path + "/index.min.js";
    private const string Endpoint = "Kestrel:Endpoints:OrleansDashboard";

    /// <summary>
    /// Adds the second address, unless another process has its port: the cluster is worth more than that address.
    /// </summary>
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
        foreach (var (key, value) in first.AsEnumerable(makePathsRelative: true)
            .Where(setting => setting.Value is not null).ToList())
        {
            app.Configuration[$"{Endpoint}:{key}"] = value;
        }

        app.Configuration[$"{Endpoint}:Url"] = url;
    }

    /// <summary>
    /// The dashboard marks what begins with "Orleans." as the platform's own, and so all grains of this product, whose names
    /// begin so too. It has no setting for that: its script is served with the one condition that was missing. Another version's
    /// script, without that place, is left as it is.
    /// </summary>
    public static void UseOwnGrainsInDashboard(this WebApplication app) => app.Use(async (context, next) =>
    {
        if (context.Request.Path != Script)
        {
            await next(context);
            return;
        }

        var answer = context.Response.Body;
        using var script = new MemoryStream();
        context.Request.Headers.Remove(HeaderNames.AcceptEncoding);
        context.Response.Body = script;
        try
        {
            await next(context);
        }
        finally
        {
            context.Response.Body = answer;
        }

        var text = Encoding.UTF8.GetString(script.GetBuffer(), 0, (int)script.Length);
        var bytes = Encoding.UTF8.GetBytes(IsPlatform()
            .Replace(text, match => $"({match.Value}&&!{match.Groups["type"]}.startsWith(`Orleans.Cluster.`))"));
        context.Response.ContentLength = bytes.Length;
        await answer.WriteAsync(bytes, context.RequestAborted);
    });

    /// <summary>
    /// Maps the dashboard, which is made when it is first asked for: it compresses all of its files then, which took a twentieth
    /// of the processor time of a start.
    /// </summary>
    public static IEndpointConventionBuilder MapDashboard(this IEndpointRouteBuilder routes)
    {
        var pages = new Lazy<RequestDelegate>(() =>
        {
            var branch = new ApplicationBuilder(routes.ServiceProvider);
            branch.UseRouting();
            branch.UseEndpoints(endpoints => endpoints.MapOrleansDashboard(Path));
            return branch.Build();
        });
        return routes.Map(Path + "/{**rest}", context =>
        {
            context.SetEndpoint(null);
            return pages.Value(context);
        }).ExcludeFromDescription();
    }

    [GeneratedRegex(@"(?<type>\w+(?:\.\w+)*)\.startsWith\(`Orleans\.`\)")]
    private static partial Regex IsPlatform();

    private static partial class Log
    {
        [LoggerMessage(1300, LogLevel.Warning, "{Url} is taken by another process; the dashboard is only at {Path}")]
        public static partial void PortTaken(ILogger logger, string url, string path);
    }
}
