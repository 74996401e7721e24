using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Datasets;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Outputs;

/// <summary>
/// Publishes results: a job without <c>output</c> keeps its files where they are; else they go into a folder, or into an object
/// store.
/// </summary>
internal sealed class OutputPublisher(
    ClusterPaths paths, DataRoots roots, StoredFiles stored, FolderPublisher folders, ObjectPublisher objects) : IOutputPublisher
{
    public Task<PublishedOutput?> Publish(
        JobRecord job, JobPlan plan, IReadOnlyList<PartitionRecord> partitions, Func<Task<bool>> isWanted,
        CancellationToken cancellationToken) =>
        Task.Run(
            () =>
            {
                var files = new CommittedFiles(paths, plan, partitions);
                if (job.Spec.Output is not { } output)
                {
                    return TryKeep(files, isWanted, cancellationToken);
                }

                var place = roots.ResolveOutput(output.Path, "/output/path");
                return S3Path.TryParse(place, out var address)
                    ? objects.Publish(job.State, output, address, files, isWanted, cancellationToken)
                    : folders.Publish(job.State, output, place, files, isWanted, cancellationToken);
            },
            cancellationToken);

    public Task Clear(JobRecord job, CancellationToken cancellationToken) => job.Spec.Output is not { } output
        ? Task.CompletedTask
        : Task.Run(
            () => S3Path.TryParse(output.Path, out _)
                ? objects.Clear(job.State, output, cancellationToken)
                : folders.Clear(job.State, output),
            cancellationToken);

    private async Task<PublishedOutput?> TryKeep(
        CommittedFiles files, Func<Task<bool>> isWanted, CancellationToken cancellationToken)
    {
        var seen = await stored.Look([.. files.All.Select(item => item.Path)], cancellationToken);
        foreach (var (item, stamp) in files.All.Zip(seen))
        {
            if (stamp?.Bytes != item.File.Bytes)
            {
                throw new ArtifactLostException(
                    item.Producer,
                    $"{item.Producer}: artifact {item.Path} is gone, or has not the {item.File.Bytes} bytes that were "
                    + "committed.");
            }
        }

        var result = files.ResultOf(item => item.Relative);
        return await isWanted() ? new PublishedOutput(result, []) : null;
    }
}
