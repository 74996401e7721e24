namespace Orleans.Cluster.Planning.Queueing;

/// <summary>What a gang's open stage asks for now.</summary>
public enum GangStep
{
    /// <summary>Nothing can begin: nobody waits, or some back off and none runs.</summary>
    Wait,

    /// <summary>All that is left of it begins at once, or nothing.</summary>
    BeginTogether,

    /// <summary>Members run and others were lost: these begin again one by one.</summary>
    Replace,

    /// <summary>No replacement came in time: those that run are given back, and the gang begins together again.</summary>
    GiveBack,
}

/// <summary>
/// The rule of a gang. Its members are the partitions of its stage that have not committed. It begins with all of them at once; a
/// member that is lost while others run has a bounded time to be replaced, and then the others give their slots back, since they
/// may be waiting for it. What has committed stays.
/// </summary>
public static class GangPolicy
{
    /// <summary>The step of a stage.</summary>
    /// <param name="stage">Its backlog, without what is under way.</param>
    /// <param name="shortSince">Since when members run while others wait; null when that is not so.</param>
    /// <param name="now">The clock.</param>
    /// <param name="replacement">How long a replacement is waited for.</param>
    public static GangStep Decide(StageBacklog stage, DateTimeOffset? shortSince, DateTimeOffset now, TimeSpan replacement)
    {
        ArgumentNullException.ThrowIfNull(stage);
        return stage switch
        {
            { Ready: 0 } => GangStep.Wait,
            { Running: 0, BackingOff: 0 } => GangStep.BeginTogether,
            { Running: 0 } => GangStep.Wait,
            _ => now - shortSince > replacement ? GangStep.GiveBack : GangStep.Replace,
        };
    }

    /// <summary>
    /// Slots' worth of tasks that must be had at once. A member that was split for want of memory counts once: its halves may run
    /// one after the other, so that a gang does not outgrow the cluster that it was accepted for.
    /// </summary>
    public static int Width(StageBacklog stage)
    {
        ArgumentNullException.ThrowIfNull(stage);
        return Math.Max(1, stage.Ready + stage.BackingOff - stage.Split);
    }
}
