using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Worker;

/// <summary>Where the executor's program is: as set, or in <c>executor</c> beside this process's own.</summary>
internal sealed class ExecutorProgram(IOptions<ClusterSettings> settings)
{
    private const string Name = "Orleans.Cluster.Executor";

    /// <summary>Full path of the program or of its assembly.</summary>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    public string Path { get; } = Find(settings.Value.ExecutorPath);

    private static string Find(string? configured)
    {
        var folder = System.IO.Path.Combine(AppContext.BaseDirectory, "executor");
        string[] candidates = configured is null
            ? [System.IO.Path.Combine(folder, Name), System.IO.Path.Combine(folder, Name + ".exe"), System.IO.Path.Combine(folder, Name + ".dll")]
            : [System.IO.Path.GetFullPath(configured)];
        return candidates.FirstOrDefault(File.Exists) ?? throw new FileNotFoundException(
            $"The executor is not at {candidates[0]}. Set Cluster:ExecutorPath to the program {Name}.");
    }
}
