using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Cli.Following;

/// <summary>Follows a job for a command: Ctrl-C leaves the job running, or cancels it where the command said so.</summary>
/// <param name="session">The command's run.</param>
/// <param name="leavesOutput">
/// What is shown goes to the notes, also where documents for machines were asked for: the command prints its own.
/// </param>
internal sealed class JobWatch(Session session, bool leavesOutput = false)
{
    private readonly JobFollower follower = new(session.Console, TimeProvider.System);

    private bool PrintsDocuments => session.Json && !leavesOutput;

    /// <summary>Watches until the job has ended or the user leaves.</summary>
    public async Task<int> WatchAsync(JobId id)
    {
        try
        {
            return Finish(await FollowAsync(id, session.Interrupts.Any));
        }
        catch (OperationCanceledException) when (session.Interrupts.Any.IsCancellationRequested)
        {
            return Leave(id);
        }
    }

    /// <summary>Watches on through the first Ctrl-C, and cancels the job on the second.</summary>
    public async Task<int> WaitAsync(JobId id)
    {
        using var notice = session.Interrupts.First.Register(
            () => follower.Say($"Job {id} is still running. Ctrl-C again cancels it."));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(session.Interrupts.Second, session.Interrupts.Ended);
        try
        {
            return Finish(await FollowAsync(id, stop.Token));
        }
        catch (OperationCanceledException) when (session.Interrupts.Second.IsCancellationRequested)
        {
            return await CancelAsync(id);
        }
        catch (OperationCanceledException) when (session.Interrupts.Ended.IsCancellationRequested)
        {
            return Leave(id);
        }
    }

    /// <summary>Watches to the end; the first Ctrl-C cancels the job.</summary>
    public async Task<int> WaitOrCancelAsync(JobId id)
    {
        try
        {
            return Finish(await FollowAsync(id, session.Interrupts.Any));
        }
        catch (OperationCanceledException) when (!session.Interrupts.Ended.IsCancellationRequested)
        {
            return await CancelAsync(id);
        }
    }

    public static int ExitCode(JobPhase phase) => phase switch
    {
        JobPhase.Failed => ExitCodes.Failed,
        JobPhase.Cancelled => ExitCodes.Cancelled,
        _ => ExitCodes.Done,
    };

    private async Task<JobStatus> FollowAsync(JobId id, CancellationToken cancellationToken)
    {
        var statuses = session.Jobs.WatchAsync(id, cancellationToken);
        return PrintsDocuments ? await PrintAsync(statuses) : await follower.FollowAsync(statuses);
    }

    private async Task<JobStatus> PrintAsync(IAsyncEnumerable<JobStatus> statuses)
    {
        var last = (JobStatus?)null;
        await foreach (var status in statuses)
        {
            session.WriteJsonLine(status);
            last = status;
        }

        return last ?? throw new InvalidOperationException("A watch gives at least one document.");
    }

    private async Task<int> CancelAsync(JobId id)
    {
        session.Note($"Cancelling job {id}.");
        await session.Jobs.CancelAsync(id, session.Interrupts.Ended);
        return Finish(await FollowAsync(id, session.Interrupts.Ended));
    }

    private int Finish(JobStatus status)
    {
        if (!PrintsDocuments)
        {
            JobViews.WriteEnd(session.Console, status);
            if (!leavesOutput && status.Result is { Path: null })
            {
                session.Note($"Its rows: {Session.ProgramPrefix}result {status.Id}{session.ServerArgument}");
            }
        }

        return ExitCode(status.Phase);
    }

    private int Leave(JobId id)
    {
        session.Note($"Job {id} goes on. Come back with: {Session.ProgramPrefix}watch {id}{session.ServerArgument}");
        return ExitCodes.Interrupted;
    }
}
