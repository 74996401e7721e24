namespace Orleans.Cluster.Coordination.Calls;

/// <summary>
/// Work that many ask for and that one does: one at a time, and once more when it was asked for meanwhile, after a pause. For
/// callers of one scheduler, as those of a grain are.
/// </summary>
/// <param name="work">The work. It may ask for itself, and must not wait for that.</param>
/// <param name="pause">
/// How long to wait before the work is done, by how long it took right before that; null at the first time of a run. Who asks
/// during the pause is served by the work after it.
/// </param>
/// <param name="clock">For the pauses.</param>
internal sealed class Coalesced(Func<Task> work, Func<TimeSpan?, TimeSpan> pause, TimeProvider clock)
{
    /// <summary>Whether it is being done, or between two times.</summary>
    public bool IsUnderWay { get; private set; }

    /// <summary>Whether it is to be done once more.</summary>
    public bool IsAsked { get; private set; }

    /// <summary>The run that is under way, or the last one.</summary>
    public Task LastRun { get; private set; } = Task.CompletedTask;

    /// <summary>Asks for it.</summary>
    /// <returns>
    /// For who starts a run, its end: when nothing is asked for any more, or with the work's exception; what was asked for by
    /// then is forgotten. Completed for who finds one under way.
    /// </returns>
    public Task Ask()
    {
        IsAsked = true;
        if (IsUnderWay)
        {
            return Task.CompletedTask;
        }

        IsUnderWay = true;
        return LastRun = Run();
    }

    /// <summary>What is under way may have missed something: it is done once more. Nothing happens where none is.</summary>
    public void AskAgain() => IsAsked |= IsUnderWay;

    private async Task Run()
    {
        try
        {
            for (TimeSpan? took = null; IsAsked;)
            {
                if (pause(took) is var wait && wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait, clock);
                }

                IsAsked = false;
                var started = clock.GetTimestamp();
                await work();
                took = clock.GetElapsedTime(started);
            }
        }
        finally
        {
            (IsUnderWay, IsAsked) = (false, false);
        }
    }
}
