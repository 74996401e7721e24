using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>Where artifacts lie: paths relative to the artifact store, with slashes.</summary>
public static class ArtifactPath
{
    /// <summary>Folder of an attempt: <c>{job}/{stage}/{partition}/{attempt}</c>. No two attempts have the same.</summary>
    public static string Of(AttemptId attempt) => string.Create(
        CultureInfo.InvariantCulture, $"{attempt.Task.Job}/{attempt.Task.Stage}/{attempt.Task.Partition}/{attempt.Number}");

    /// <summary>A file of a partition that has committed.</summary>
    public static string Of(PartitionRecord committed, ArtifactFile file)
    {
        ArgumentNullException.ThrowIfNull(committed);
        ArgumentNullException.ThrowIfNull(file);
        return $"{committed.ArtifactFolder ?? throw new ArgumentException($"Partition {committed.Task} has not committed.")}/"
            + $"{file.Path}";
    }
}
