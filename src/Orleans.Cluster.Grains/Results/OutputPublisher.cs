using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Plans;
using Orleans.Cluster.Grains.Checkpoints;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.Grains.Results;

/// <summary>
/// Publishes into folders. A job without <c>output</c> keeps its files where they are. Otherwise:
/// 1. each file is copied into the output folder under a hidden name and renamed to one that carries job, partition and attempt;
/// 2. the manifest of the job is written last, without replacing one, and makes the files count;
/// 3. OVERWRITE then removes the files of earlier manifests.
/// Each step can be done again: names are the same every time and what is there already is left.
/// </summary>
internal sealed class OutputPublisher(ClusterPaths paths) : IOutputPublisher
{
    /// <summary>Name of a job's manifest in the output folder.</summary>
    public static string ManifestName(JobId job) => $"_manifest-{job}.json";

    public Task<JobResult> Publish(JobRecord job, JobPlan plan, IReadOnlyList<PartitionRecord> partitions, CancellationToken cancellationToken) =>
        Task.Run(() => job.Spec.Output is { } output ? Place(job.State.Id, output, plan, partitions) : Keep(plan, partitions), cancellationToken);

    private static JobResult Keep(JobPlan plan, IReadOnlyList<PartitionRecord> partitions)
    {
        var files = (
            from partition in partitions
            from file in partition.Manifest!.Files
            where file.Target >= 0
            select new ResultFile($"{partition.ArtifactFolder}/{file.Path}", file.Rows, file.Bytes, file.Sha256)).ToList();
        return Result(plan, partitions, files);
    }

    private JobResult Place(JobId job, OutputSpec output, JobPlan plan, IReadOnlyList<PartitionRecord> partitions)
    {
        var folder = OutputFolder(paths, output.Path);
        Directory.CreateDirectory(folder);
        var manifest = Path.Combine(folder, ManifestName(job));
        if (File.Exists(manifest))
        {
            return Read(manifest);
        }

        var earlier = Directory.EnumerateFiles(folder, "_manifest-*.json").Order(StringComparer.Ordinal).ToList();
        if (earlier.Count > 0 && output.Mode == OutputMode.ErrorIfExists)
        {
            throw new ClusterException(
                Contracts.ErrorCode.OutputExists, $"{output.Path} already holds the output of another job ({Path.GetFileName(earlier[0])}).",
                "Choose another output.path, or set output.mode to OVERWRITE or APPEND.");
        }

        var files = new List<ResultFile>();
        foreach (var partition in partitions)
        {
            foreach (var (file, index) in partition.Manifest!.Files.Where(file => file.Target >= 0).Select((file, index) => (file, index)))
            {
                var name = Name(job, partition, file.Path, index);
                Copy(Path.Combine(paths.Artifacts, partition.ArtifactFolder!, file.Path), Path.Combine(folder, name));
                files.Add(new ResultFile(name, file.Rows, file.Bytes, file.Sha256));
            }
        }

        var result = Result(plan, partitions, files);
        Write(manifest, result);
        if (output.Mode == OutputMode.Overwrite)
        {
            Remove(folder, earlier);
        }

        return result;
    }

    /// <summary>Absolute folder of an output path; relative ones are relative to the first data root.</summary>
    public static string OutputFolder(ClusterPaths paths, string path) => Path.GetFullPath(path, paths.DataRoots[0]);

    // A file of a partitioned output keeps its key=value folders.
    private static string Name(JobId job, PartitionRecord partition, string path, int index)
    {
        var extension = string.Concat(Path.GetFileName(path).SkipWhile(character => character != '.'));
        var name = $"part-{job}-{partition.Task.Partition:00000}-{partition.Attempt}-{index:000}{extension}";
        return Path.GetDirectoryName(path) is { Length: > 0 } folder ? $"{folder}/{name}" : name;
    }

    private static void Copy(string from, string to)
    {
        if (File.Exists(to))
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        var hidden = Path.Combine(Path.GetDirectoryName(to)!, $".{Path.GetFileName(to)}.tmp");
        File.Copy(from, hidden, overwrite: true);
        Sync(hidden);
        File.Move(hidden, to, overwrite: true);
    }

    private static void Write(string manifest, JobResult result)
    {
        var hidden = manifest.Replace("_manifest-", "._manifest-", StringComparison.Ordinal);
        File.WriteAllText(hidden, JsonSerializer.Serialize(result, WireJson.Options));
        Sync(hidden);
        File.Move(hidden, manifest, overwrite: false);
    }

    private static JobResult Read(string manifest) => JsonSerializer.Deserialize<JobResult>(File.ReadAllText(manifest), WireJson.Options)
        ?? throw new IOException($"{manifest} is empty.");

    // The manifest goes first: files that no manifest names do not count.
    private static void Remove(string folder, IEnumerable<string> manifests)
    {
        foreach (var manifest in manifests)
        {
            var files = Read(manifest).Files;
            File.Delete(manifest);
            foreach (var file in files)
            {
                File.Delete(Path.Combine(folder, file.Path));
            }
        }
    }

    private static void Sync(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
    }

    private static JobResult Result(JobPlan plan, IReadOnlyList<PartitionRecord> partitions, IReadOnlyList<ResultFile> files) =>
        new(files.Sum(file => file.Rows), files.Sum(file => file.Bytes), ResultColumns.Of(plan, partitions), files);
}
