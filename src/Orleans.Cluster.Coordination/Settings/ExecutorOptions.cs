using System.ComponentModel.DataAnnotations;

namespace Orleans.Cluster.Coordination.Settings;

/// <summary>How executor processes are run. Section "Executor".</summary>
internal sealed class ExecutorOptions
{
    public const string Section = "Executor";

    /// <summary>How long an executor may take to answer its first call. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a cancelled query may take to end before its executor is killed. Default 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan CancelGrace { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How often resident size is looked at. Default 100 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:00:10")]
    public TimeSpan WatchInterval { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Share of an attempt's memory above which its executor is killed as out of memory. Default 1.0 of what it asked for.
    /// </summary>
    [Range(0.5, 4.0)]
    public double MemoryLimitFactor { get; set; } = 1.0;

    /// <summary>Whether each executor gets a control group (version 2) of its own where that can be had. Default true.</summary>
    public bool UseCgroups { get; set; } = true;

    /// <summary>Planning processes that look at queries, one query at a time each. Default 2.</summary>
    [Range(1, 64)]
    public int Planners { get; set; } = 2;

    /// <summary>
    /// Longest time of one question about a query (parse, bind). A process that takes longer is killed. Default 60 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan QueryTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Resident bytes above which a planning process is killed. Default 2 GiB.</summary>
    [Range(256L << 20, 1L << 50)]
    public long PlanningMemoryBytes { get; set; } = 2L << 30;

    /// <summary>
    /// Longest time of one question about files or rows (probe, align, export). A process that takes longer is killed. Default 10
    /// min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan QuestionTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Bytes that one attempt may spill and stage locally. Default 100 GiB.</summary>
    [Range(1L << 20, 1L << 50)]
    public long ScratchBytesPerAttempt { get; set; } = 100L << 30;
}
