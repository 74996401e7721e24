using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Worker;

/// <summary>
/// The executor's program and what it is told. It is where the settings say, or in <c>executor</c> beside this process's own.
/// </summary>
internal sealed class ExecutorProgram(IOptions<ClusterSettings> settings, SourceRules? rules = null)
{
    private const string Name = "Orleans.Cluster.Executor";

    /// <summary>Full path of the program or of its assembly.</summary>
    /// <exception cref="StartRefusedException">It is not there.</exception>
    public string Path { get; } = Find(settings.Value.ExecutorPath);

    /// <summary>What executors may read; null for whatever they are asked to.</summary>
    public SourceRules? Rules => rules;

    /// <summary>Ends a start that would meet the fault with its first task.</summary>
    /// <exception cref="StartRefusedException">The program is not there.</exception>
    public static void RefuseMissing(string? configured) => Find(configured);

    private static string Find(string? configured)
    {
        var folder = System.IO.Path.Combine(AppContext.BaseDirectory, "executor");
        string[] candidates = configured is null
            ? [System.IO.Path.Combine(folder, Name), System.IO.Path.Combine(folder, Name + ".exe"),
                System.IO.Path.Combine(folder, Name + ".dll")]
            : [System.IO.Path.GetFullPath(configured)];
        return candidates.FirstOrDefault(File.Exists) ?? throw new StartRefusedException(
            configured is null ? $"The executor is not at {candidates[0]}. Set Cluster:ExecutorPath to the program {Name}."
            : Directory.Exists(candidates[0])
            ? $"{candidates[0]} is a folder. Set Cluster:ExecutorPath to the program {Name}."
            : $"There is no program {candidates[0]} (Cluster:ExecutorPath).");
    }
}
