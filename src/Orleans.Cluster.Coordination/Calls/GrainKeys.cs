using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Coordination.Calls;

/// <summary>
/// Keys of all grains. Each begins with letters that are no hexadecimal digits: the ADO.NET storage reads a hex-like string as a
/// number, so that different keys would share one row.
/// </summary>
internal static class GrainKeys
{
    public const string Queue = "queue";
    public const string Cluster = "zcluster";

    public static string Job(JobId job) => $"job-{job}";

    public static string Partition(AttemptId attempt) => $"part-{attempt}";

    public static string Sight(SiloAddress silo) => $"sight-{silo.ToParsableString()}";

    public static JobId ParseJob(string key) => JobId.Parse(key["job-".Length..]);
}
