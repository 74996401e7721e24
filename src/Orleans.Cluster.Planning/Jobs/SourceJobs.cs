using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>Jobs whose results a job reads.</summary>
public static class SourceJobs
{
    /// <summary>Each with its place in the request.</summary>
    public static IEnumerable<(JobId Job, string Pointer)> Of(JobSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (spec.Source?.Job is { } only)
        {
            yield return (only, "/source/job");
        }

        foreach (var (name, source) in spec.Sources ?? new Dictionary<string, SourceSpec>())
        {
            if (source.Job is { } job)
            {
                var token = name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
                yield return (job, $"/sources/{token}/job");
            }
        }
    }

    /// <summary>
    /// The spec that also depends on each of them, which is what makes it wait, and holds their results while it has not ended.
    /// </summary>
    public static JobSpec DependingOn(JobSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var missing = Of(spec).Select(source => source.Job).Distinct().Except(spec.DependsOn).ToList();
        return missing.Count == 0 ? spec : spec with { DependsOn = [.. spec.DependsOn, .. missing] };
    }
}
