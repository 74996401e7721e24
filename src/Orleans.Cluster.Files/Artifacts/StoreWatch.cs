using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Artifacts;

/// <summary>
/// Looks at the artifact store's mark again and again, beside whoever wants to know: a share that is gone may hold whoever
/// touches it. Looks at artifacts when asked.
/// </summary>
internal sealed partial class StoreWatch(
    StoreMark mark, IStoreIdentities identities, ClusterPaths paths, StoredFiles files, TimeProvider clock,
    ILogger<StoreWatch> logger)
    : BackgroundService, IArtifactSight
{
    private const int ParallelLooks = 2;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan EarlyPeriod = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LeastDistrust = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan MostDistrust = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim looks = new(ParallelLooks);
    private readonly TaskCompletionSource firstLook = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private StoreIdentity? identity;
    private volatile string? fault = "The artifact store was not looked at yet.";
    private volatile Doubt? doubt;
    private long lookedAt = clock.GetTimestamp();

    private sealed record Doubt(PartitionRecord Partition, string Path, long Since);

    public Task Seen => firstLook.Task;

    public string? FindFault()
    {
        var silence = clock.GetElapsedTime(Volatile.Read(ref lookedAt));
        return silence > Patience
            ? $"The artifact store {paths.Artifacts} has not answered for {silence.TotalSeconds:0} s."
            : fault;
    }

    public async Task<string?> LookAgain(CancellationToken cancellationToken)
    {
        string? seen;
        try
        {
            seen = await Task.Run(() => FindFaultNow(cancellationToken), cancellationToken)
                .WaitAsync(AnswerWithin, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            seen = NoAnswer();
        }

        if (seen is not null && seen != fault)
        {
            Log.NotSeen(logger, seen);
        }

        return fault = seen;
    }

    public async Task<ArtifactSeen> Look(PartitionRecord committed, CancellationToken cancellationToken)
    {
        await looks.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(() => LookNow(committed, cancellationToken), cancellationToken);
        }
        finally
        {
            looks.Release();
        }
    }

    public void Distrust(PartitionRecord committed)
    {
        var file = committed.Manifest!.Files.Select(file => Absolute(committed, file))
            .FirstOrDefault(path => !ObjectGrant.IsObject(path) && !File.Exists(path))
            ?? Absolute(committed, committed.Manifest.Files[0]);
        doubt = new Doubt(committed, file, clock.GetTimestamp());
        fault = DoubtOf(file);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var before = fault;
            fault = await Task.Run(() => FindFaultNow(stoppingToken), stoppingToken);
            Volatile.Write(ref lookedAt, clock.GetTimestamp());
            if (fault is null)
            {
                firstLook.TrySetResult();
            }
            else if (fault != before)
            {
                Log.NotSeen(logger, fault);
            }

            await Task.Delay(fault is null ? Period : EarlyPeriod, clock, stoppingToken);
        }
    }

    private async Task<string?> FindFaultNow(CancellationToken stoppingToken)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        timer.CancelAfter(AnswerWithin);
        try
        {
            identity ??= await identities.Find(CancellationToken.None);

            // No gateway that makes marks has started yet: the store has none to be seen.
            return (identity is null ? null : await mark.FindFaultOf(identity, timer.Token)) ?? await StillDoubted(stoppingToken);
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            return NoAnswer();
        }
        catch (StorageUnavailableException)
        {
            return "The database has not said yet which artifact store is this cluster's.";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"The artifact store {paths.Artifacts} cannot be read: {exception.Message}";
        }
    }

    // Not at once: what came and went may do so again.
    private async Task<string?> StillDoubted(CancellationToken cancellationToken)
    {
        if (doubt is not { } kept)
        {
            return null;
        }

        var age = clock.GetElapsedTime(kept.Since);
        if (age > MostDistrust || (age > LeastDistrust && await LookNow(kept.Partition, cancellationToken) == ArtifactSeen.Whole))
        {
            doubt = null;
            return null;
        }

        return DoubtOf(kept.Path);
    }

    private string NoAnswer() => $"The artifact store {paths.Artifacts} has not answered for {AnswerWithin.TotalSeconds:0} s.";

    private static string DoubtOf(string path) => $"It does not see {path} as another process of the cluster does.";

    private async Task<ArtifactSeen> LookNow(PartitionRecord committed, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var file in committed.Manifest!.Files)
            {
                if (!await IsWhole(Absolute(committed, file), file.Bytes, file.Sha256, cancellationToken))
                {
                    return ArtifactSeen.Lost;
                }
            }

            return ArtifactSeen.Whole;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.NotRead(logger, exception.Message);
            return ArtifactSeen.Unknown;
        }
    }

    private async Task<bool> IsWhole(string path, long bytes, string sha256, CancellationToken cancellationToken)
    {
        await using var stream = await files.Open(path, cancellationToken);
        return stream is not null && stream.Length == bytes
            && Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken)) == sha256;
    }

    private string Absolute(PartitionRecord partition, ArtifactFile file) => paths.Artifact(ArtifactPath.Of(partition, file));

    private static partial class Log
    {
        [LoggerMessage(3520, LogLevel.Warning, "{Fault}")]
        public static partial void NotSeen(ILogger logger, string fault);

        [LoggerMessage(3521, LogLevel.Warning, "An artifact could not be looked at: {Message}")]
        public static partial void NotRead(ILogger logger, string message);
    }
}
