using System.Diagnostics;
using System.Globalization;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Scaling;
using Orleans.Cluster.Silo.Processes;

namespace Orleans.Cluster.Silo.Scaling;

/// <summary>
/// The command line of a worker process: this very program, with the role; this process's own arguments are in its environment.
/// </summary>
internal sealed class WorkerCommand(
    ClusterPaths paths, ClusterIdentity identity, ScalingOptions options, GatewayArguments arguments,
    IConfiguration configuration)
{
    // Of this build, from its project.
    private const string CompiledAhead = "Orleans.Cluster.CompiledAhead";

    // Calls after which the runtime compiles a method anew, in hexadecimal. What was compiled ahead does for a worker, and
    // several of them on one machine that compile take the first minute's processors from jobs. The gateway, which works for
    // every job, keeps its lower number.
    private const string CallsBeforeCompiling = "DOTNET_TC_CallCountThreshold";
    private const string WorkerCalls = "400";

    /// <summary>How to start one, writing to that file.</summary>
    public ProcessStartInfo Build(WorkerShape shape, string logFile)
    {
        // The shell opens the file and becomes the worker ("exec"), so the worker writes by itself: a pipe through this process
        // would break with it, and a worker must be able to say why it ends.
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, RedirectStandardInput = true };
        foreach (var part in (string[])["-c", "exec \"$@\" >>\"$0\" 2>&1 </dev/null", logFile, .. Program(), .. Role(shape)])
        {
            start.ArgumentList.Add(part);
        }

        // What this process was told may hold secrets, and everybody on the machine sees the arguments of a process.
        foreach (var (key, value) in new ConfigurationBuilder().AddCommandLine([.. arguments.Values])
            .Build().AsEnumerable().Where(pair => pair.Value is not null))
        {
            SetVariable(start.Environment, key.Replace(":", "__", StringComparison.Ordinal), value!);
        }

        // The worker serves no HTTP; an address of the gateway's must not even look like its own.
        start.Environment.Remove("ASPNETCORE_URLS");
        start.Environment.Remove("URLS");
        if (AppContext.TryGetSwitch(CompiledAhead, out var isCompiledAhead) && isCompiledAhead)
        {
            start.Environment.TryAdd(CallsBeforeCompiling, WorkerCalls);
        }

        return start;
    }

    // A name counts whatever its case.
    private static void SetVariable(IDictionary<string, string?> environment, string name, string value)
    {
        foreach (var same in environment.Keys.Where(known => known.Equals(name, StringComparison.OrdinalIgnoreCase)).ToList())
        {
            environment.Remove(same);
        }

        environment[name] = value;
    }

    private IEnumerable<string> Program()
    {
        if (options.WorkerProgram is { } program)
        {
            return [program];
        }

        var host = Environment.ProcessPath ?? throw new UnreachableException("This process has no program.");
        return Path.GetFileNameWithoutExtension(host) == "dotnet" ? [host, typeof(WorkerCommand).Assembly.Location] : [host];
    }

    // A command line wins over the environment, where the gateway's own arguments are.
    private IEnumerable<string> Role(WorkerShape shape) =>
    [
        "--Cluster:Role=Worker",
        $"--Cluster:Id={identity.ClusterId}",
        $"--Cluster:StateDirectory={paths.State}",
        $"--Cluster:ParentProcessId={Environment.ProcessId}",
        $"--Cluster:AdvertisedAddress={identity.Address}",
        // Shuts out what an earlier run of this gateway has left behind; a shared database needs none.
        .. configuration["Cluster:Epoch"] is { } epoch ? new[] { $"--Cluster:Epoch={epoch}" } : [],
        "--Cluster:SiloPort=0",
        "--Cluster:SiloGatewayPort=0",
        string.Create(CultureInfo.InvariantCulture, $"--Cluster:SlotsPerWorker={shape.Slots}"),
        string.Create(CultureInfo.InvariantCulture, $"--Cluster:MemoryPerWorkerBytes={shape.MemoryBytes}"),
    ];
}

/// <summary>The arguments that this process was started with.</summary>
internal sealed record GatewayArguments(IReadOnlyList<string> Values);
