using System.ComponentModel.DataAnnotations;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Scaling;

namespace Orleans.Cluster.Coordination.Settings;

/// <summary>
/// What a process is, and what a worker offers. Section "Cluster". The keys are part of the contract with users.
/// </summary>
internal sealed class ClusterSettings
{
    public const string Section = "Cluster";

    /// <summary>Gateway or worker.</summary>
    public SiloRole Role { get; set; } = SiloRole.Gateway;

    /// <summary>Worker processes that the gateway starts and looks after; 0 waits for <c>cluster/start</c>.</summary>
    [Range(0, 32)]
    public int Workers { get; set; } = 4;

    /// <summary>Partitions that one worker runs at a time.</summary>
    [Range(1, 256)]
    public int SlotsPerWorker { get; set; } = 1;

    /// <summary>Memory that a worker may hand out to its executors, bytes.</summary>
    [Range(64L << 20, 1L << 50)]
    public long MemoryPerWorkerBytes { get; set; } = 2L << 30;

    /// <summary>GPUs that a worker offers; null finds out.</summary>
    [Range(0, 64)]
    public int? GpusPerWorker { get; set; }

    /// <summary>SQLite files, artifacts, logs and scratch of the embedded default.</summary>
    public string StateDirectory { get; set; } = ".orleans-cluster";

    /// <summary>Folders that <c>path</c> may name. When empty: the working directory, and none where callers need keys.</summary>
    public IList<string> DataRoots { get; init; } = [];

    /// <summary>
    /// Whether callers of the cluster need keys. Taken from <c>Gateway:Authentication</c>; no key of this section.
    /// </summary>
    internal bool AsksForKeys { get; set; }

    /// <summary>
    /// Mode of the files that jobs publish, in octal, whatever the umask; whoever may read them may enter the folders that are
    /// made for them. Default 0644.
    /// </summary>
    [RegularExpression(
        "0?[46][0-7]{2}",
        ErrorMessage = "Cluster:OutputFileMode is a mode in octal that lets its owner read, such as 0644 or 0640.")]
    public string OutputFileMode { get; set; } = "0644";

    /// <summary>Dataset of a job without <c>source</c>.</summary>
    public SourceSpec? DefaultSource { get; set; }

    /// <summary>Second address of the Orleans dashboard; 0 turns it off.</summary>
    [Range(0, 65535)]
    public int DashboardPort { get; set; } = 8787;

    /// <summary>Orleans' own ports; 0 takes free ones.</summary>
    [Range(0, 65535)]
    public int SiloPort { get; set; }

    /// <summary>See <see cref="SiloPort"/>.</summary>
    [Range(0, 65535)]
    public int SiloGatewayPort { get; set; }

    /// <summary>
    /// Where the files of jobs are kept: a folder that all machines share, or <c>s3://bucket/prefix</c>, which needs no shared
    /// folder; a folder in the state directory when null. Section S3 says how the object store is reached.
    /// </summary>
    public string? ArtifactStore { get; set; }

    /// <summary>Local folder for spilled and staged data; a folder in the state directory when null.</summary>
    public string? ScratchDirectory { get; set; }

    /// <summary>The executor's program; beside the silo when null.</summary>
    public string? ExecutorPath { get; set; }

    /// <summary>Process whose end ends this one; null for none. Set by the gateway for workers that it starts.</summary>
    public int? ParentProcessId { get; set; }

    /// <summary>
    /// Name of the cluster that silos join. Embedded, every start of the gateway makes a new one, so that it need not wait for
    /// what a crashed run left in the membership table.
    /// </summary>
    public string? Id { get; set; }

    /// <summary>
    /// Address of this machine that other silos reach it by, or <c>auto</c>. Loopback when null: Orleans' ports have no
    /// authentication, so they are opened to a network only on request.
    /// </summary>
    public string? AdvertisedAddress { get; set; }

    /// <summary>
    /// Name of the machine, container or pod that a worker reports, by which scale targets know it; the machine's own when null.
    /// </summary>
    public string? MachineName { get; set; }

    /// <summary>
    /// How long this process waits at its end for attempts that run. Default 2 min; above the longest partition, and below what a
    /// service manager allows before it kills.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Orleans' strongly consistent grain directory; off, its older one.</summary>
    public bool DistributedDirectory { get; set; } = true;

    /// <summary>Number and shape of workers, as the desired state takes them over.</summary>
    public ConfiguredWorkers Configured() => new(Workers, new WorkerShape(SlotsPerWorker, MemoryPerWorkerBytes));
}

/// <summary>What a silo process is for.</summary>
internal enum SiloRole
{
    Gateway,
    Worker,
}
