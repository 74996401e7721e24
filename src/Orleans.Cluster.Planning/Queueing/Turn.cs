namespace Orleans.Cluster.Planning.Queueing;

/// <summary>
/// A job whose turn it is to get slots, and how many of its tasks may have one before it is another owner's turn.
/// </summary>
/// <param name="job">The job, with what is ready in each stage.</param>
/// <param name="mostTasks">Tasks that may begin in this turn; a gang begins whole or not at all.</param>
/// <param name="isFirst">Whether the job has had no turn before.</param>
internal sealed class Turn(ActiveJob job, int mostTasks, bool isFirst)
{
    /// <summary>The job, with what is still ready.</summary>
    public ActiveJob Job { get; private set; } = job;

    /// <summary>Whether the job has had no turn before.</summary>
    public bool IsFirst { get; } = isFirst;

    /// <summary>Tasks that may still begin in this turn.</summary>
    public int Left { get; private set; } = mostTasks;

    /// <summary>Tasks that begin in this turn.</summary>
    public int Taken { get; private set; }

    /// <summary>Some tasks of a stage begin.</summary>
    public void Take(int stage, int count)
    {
        Taken += count;
        Left -= count;
        Job = Job with
        {
            Stages = [.. Job.Stages.Select(each => each.Stage == stage ? each with { Ready = each.Ready - count } : each)],
        };
    }
}
