using Orleans.Cluster.Grains;
using Orleans.Cluster.Silo.Gateway;
using Orleans.Cluster.Silo.Processes;
using Orleans.Cluster.Silo.Scaling;

try
{
    return ClusterHost.RoleOf(args) == SiloRole.Worker ? RunWorker(args) : RunGateway(args);
}
catch (StartRefusedException refusal)
{
    Console.Error.WriteLine(refusal.Message);
    return 1;
}

static int RunGateway(string[] args)
{
    var builder = WebApplication.CreateBuilder(ClusterHost.Arguments(args));
    var settings = builder.AddClusterDefaults();
    using var state = StateDirectory.Claim(settings.StateDirectory);
    var storage = StorageConnection.Of(builder.Configuration, settings.StateDirectory);
    storage.Prepare();
    var identity = ClusterIdentity.OfGateway(settings, storage.IsEmbedded);
    var urls = builder.Configuration["Urls"]!;
    new GatewayRecord(ProcessIdentity.Current, identity.ClusterId, urls, DateTimeOffset.UtcNow).Write(settings.StateDirectory);

    builder.AddClusterSilo(settings, identity, storage);
    builder.Services.AddClusterScaling(builder.Configuration, args);

    var app = builder.Build();
    app.ListenForDashboard(settings, urls);
    app.MapHealth();
    app.MapDashboard();
    app.Run();
    return 0;
}

static int RunWorker(string[] args)
{
    var builder = Host.CreateApplicationBuilder(ClusterHost.Arguments(args));
    var settings = builder.AddClusterDefaults();
    var storage = StorageConnection.Of(builder.Configuration, settings.StateDirectory);
    var identity = ClusterIdentity.OfWorker(settings, storage.IsEmbedded);
    if (identity.Parent is { } parent)
    {
        ParentWatch.Start(parent);
    }

    builder.AddClusterSilo(settings, identity, storage);
    builder.Build().Run();
    return 0;
}
