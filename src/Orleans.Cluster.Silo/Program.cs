using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files;
using Orleans.Cluster.Gateway;
using Orleans.Cluster.Gateway.Access;
using Orleans.Cluster.Gateway.Callbacks;
using Orleans.Cluster.Gateway.Operators;
using Orleans.Cluster.Gateway.Reference;
using Orleans.Cluster.Gateway.Requests;
using Orleans.Cluster.Silo;
using Orleans.Cluster.Silo.Backups;
using Orleans.Cluster.Silo.Processes;
using Orleans.Cluster.Silo.Scaling;
using Orleans.Cluster.Silo.Transport;
using Orleans.Cluster.Storage;
using Orleans.Cluster.WebConsole.Serving;
using Orleans.Cluster.Worker;

try
{
    Umask.CloseToOthers();
    if (StartArguments.AsksForHelp(args))
    {
        Console.WriteLine(StartArguments.Usage);
        return 0;
    }

    return (StoreCommands.Find(args) ?? BackupCommands.Find(args) ?? CertificateCommand.Find(args)) is { } command
        ? await command()
        : ClusterHost.RoleOf(args) == SiloRole.Worker ? await RunWorker(args)
        : await RunGateway(args);
}
catch (Exception failure) when (StartFaults.SentenceOf(failure) is not null)
{
    Console.Error.WriteLine(StartFaults.SentenceOf(failure));
    return 1;
}

static async Task<int> RunGateway(string[] args)
{
    StartArguments.RefuseUnknownCommand(args);
    StartArguments.RefuseSecrets(args);
    var builder = WebApplication.CreateBuilder(ClusterHost.Arguments(args));
    var settings = builder.AddClusterDefaults();
    foreach (var unknown in StartArguments.FindUnknownSettings(builder.Configuration))
    {
        Console.Error.WriteLine(unknown);
    }

    using var state = StateDirectory.Claim(settings.StateDirectory);
    var storage = StorageConnection.Of(builder.Configuration);
    var identity = ClusterIdentity.OfGateway(settings, storage.IsEmbedded);
    if (identity.Parent is { } parent)
    {
        ParentWatch.Start(parent);
    }

    var asksForKeys = ClusterHost.AsksForKeys(builder.Configuration);
    var urls = ListenAddresses.InUse(builder.Configuration);
    ListenAddresses.RefuseFaults([ListenAddresses.Of(builder.Configuration)], asksForKeys);
    ListenAddresses.RefuseTaken(urls);
    new GatewayRecord(
        ProcessIdentity.Current, identity.ClusterId, urls,
        DateTimeOffset.UtcNow) { AsksForKeys = asksForKeys }.Write(settings.StateDirectory);

    await StoragePreparation.Run(builder.Configuration, storage, SiloRole.Gateway);
    builder.Services.AddClusterStorage(builder.Configuration);
    builder.Services.AddHostedService<ClockSync>();
    builder.Services.AddCoordination();
    builder.Services.AddExecutors();
    builder.Services.AddFiles();
    builder.Services.AddClusterJanitor();
    builder.Services.AddGateway(builder.Configuration);
    builder.Services.AddCallbacks();
    builder.AddClusterSilo(settings, identity, storage);
    builder.Services.AddClusterScaling(builder.Configuration, args);
    builder.Services.AddClusterMetrics();
    builder.Services.AddHealth();
    builder.AddTelemetryExport(SiloRole.Gateway);
    builder.Services.AddHostedService<EngineWarmUp>();

    var app = builder.Build();
    app.UseGatewayAccess();
    app.ListenForDashboard(settings, urls);
    app.UseOwnGrainsInDashboard();
    var api = app.MapDescribed();
    api.MapGateway();
    api.MapCluster().Needs(change: AccessRole.Admin);
    api.MapHealth();
    api.MapMetrics();
    app.MapApiReference();
    app.MapConsole().WithMetadata(new ChangesNothing());
    app.MapDashboard().Needs(AccessRole.Admin, AccessRole.Admin);
    await app.StartAsync();
    await app.RefuseOpenAddresses(asksForKeys);
    await app.WaitForShutdownAsync();
    return 0;
}

static async Task<int> RunWorker(string[] args)
{
    var builder = Host.CreateApplicationBuilder(ClusterHost.Arguments(args));
    var settings = builder.AddClusterDefaults();
    var storage = StorageConnection.Of(builder.Configuration);
    var identity = ClusterIdentity.OfWorker(settings, storage.IsEmbedded);
    builder.TakeOver(storage.IsEmbedded ? GatewayRecord.Read(settings.StateDirectory) : null);
    if (identity.Parent is { } parent)
    {
        ParentWatch.Start(parent);
    }

    StateDirectory.Make(settings.StateDirectory);
    await StoragePreparation.Run(builder.Configuration, storage, SiloRole.Worker);
    builder.Services.AddClusterStorage(builder.Configuration);
    builder.Services.AddHostedService<ClockSync>();
    builder.Services.AddCoordination();
    builder.Services.AddExecutors();
    builder.Services.AddFiles();
    builder.Services.AddJobPlanning();
    builder.AddClusterSilo(settings, identity, storage);
    builder.Services.AddClusterWorker();
    builder.AddTelemetryExport(SiloRole.Worker);
    await builder.Build().RunAsync();
    return 0;
}
