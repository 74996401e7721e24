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
using Orleans.Cluster.Silo.Settings;
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

    if (StartArguments.AsksForVersion(args))
    {
        Console.WriteLine(ProductVersion.Current);
        return 0;
    }

    StartArguments.RefuseFaults(args);
    var configuration = StartSettings.Read(args);
    if ((StoreCommands.Find(args) ?? BackupCommands.Find(args) ?? CertificateCommand.Find(args)) is { } command)
    {
        StartChecks.RefuseForCommand(configuration);
        return await command();
    }

    StartArguments.RefuseSecrets(args);
    var role = StartSettings.RoleOf(configuration);
    StartChecks.Refuse(configuration, role);
    return role == SiloRole.Worker ? await RunWorker(args) : await RunGateway(args, configuration);
}
catch (Exception failure) when (StartFaults.SentenceOf(failure) is { } sentence)
{
    Console.Error.WriteLine(sentence);
    return failure is StartRefusedException { IsUsage: true } ? 2 : 1;
}

static async Task<int> RunGateway(string[] args, IConfiguration start)
{
    foreach (var unknown in SettingNames.FindUnknown(start))
    {
        Console.Error.WriteLine($"Warning: {unknown}");
    }

    var asksForKeys = ClusterHost.AsksForKeys(start);
    ListenAddresses.RefuseFaults([ListenAddresses.Of(start)], asksForKeys);
    using var state = StateDirectory.Claim(ClusterHost.SettingsOf(start).StateDirectory);
    var urls = ListenAddresses.InUse(start);
    ListenAddresses.RefuseTaken(urls);
    if (StorageConnection.Of(start).IsEmbedded)
    {
        StateDirectory.RefuseFull(ClusterHost.SettingsOf(start).StateDirectory);
        StoragePreparation.RefuseDamaged(ClusterHost.SettingsOf(start).StateDirectory);
    }

    var builder = WebApplication.CreateBuilder(ClusterHost.Arguments(args));
    var settings = builder.AddClusterDefaults();
    var storage = StorageConnection.Of(builder.Configuration);
    var identity = ClusterIdentity.OfGateway(settings, storage.IsEmbedded);
    OrleansSilo.RefuseTaken(settings, identity.Address);
    if (identity.Parent is { } parent)
    {
        ParentWatch.Start(parent);
    }

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
    OrleansSilo.RefuseTaken(settings, identity.Address);
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
