using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Files.Stores;

namespace Orleans.Cluster.Files.Outputs;

/// <summary>
/// Words that processes leave each other in an output, as hidden objects: that an epoch of a job has ended without a result, and
/// that another job has overwritten a job's output. See <see cref="EndedOutput"/> and <see cref="ReplacedOutputs"/>.
/// </summary>
internal sealed class ObjectWords(IObjectStore store, S3Path folder, JobId job, int epoch, TimeProvider clock)
{
    private const string EndedPrefix = "._ended-";
    private const string OverwrittenPrefix = "._overwritten-";

    // A publisher that stood still for longer than this has lost its job's row long before.
    private static readonly TimeSpan Life = TimeSpan.FromDays(1);

    private S3Path Ended => folder.Below(string.Create(CultureInfo.InvariantCulture, $"{EndedPrefix}{job}-{epoch}"));

    public async Task<bool> IsEnded() => await store.Stat(Ended, CancellationToken.None) is not null;

    public async Task<bool> IsOverwritten() => await store.Stat(Overwritten(job), CancellationToken.None) is not null;

    public Task SayEnded(CancellationToken cancellationToken) =>
        store.Write(Ended, ReadOnlyMemory<byte>.Empty, cancellationToken);

    public Task SayOverwritten(JobId other) =>
        store.Write(Overwritten(other), ReadOnlyMemory<byte>.Empty, CancellationToken.None);

    /// <summary>The job has succeeded: what was said of its earlier epochs has had its use.</summary>
    public Task ForgetEnded() => Remove($"{EndedPrefix}{job}-", TimeSpan.Zero, CancellationToken.None);

    /// <summary>Removes those of all jobs that have had their use.</summary>
    public async Task RemoveOld(CancellationToken cancellationToken)
    {
        await Remove(EndedPrefix, Life, cancellationToken);
        await Remove(OverwrittenPrefix, Life, cancellationToken);
    }

    private S3Path Overwritten(JobId dead) => folder.Below($"{OverwrittenPrefix}{dead}");

    private async Task Remove(string prefix, TimeSpan age, CancellationToken cancellationToken)
    {
        await foreach (var item in store.List(folder.Below(prefix), cancellationToken))
        {
            if (age == TimeSpan.Zero || clock.GetUtcNow() - item.ModifiedAt > age)
            {
                await store.Delete(item.Path, cancellationToken);
            }
        }
    }
}
