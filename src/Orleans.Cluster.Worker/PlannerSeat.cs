using Microsoft.Extensions.Logging;

namespace Orleans.Cluster.Worker;

/// <summary>
/// A place for one planning process: started when first asked for, capped in memory, and replaced when it has ended.
/// </summary>
internal sealed class PlannerSeat(
    ExecutorProgram program, TimeSpan deadline, PlannerLimits limits, ILogger logger) : IAsyncDisposable
{
    private readonly SemaphoreSlim starting = new(1);
    private Planner? current;

    /// <summary>The process that lives there now.</summary>
    public async Task<Planner> Get(CancellationToken cancellationToken)
    {
        if (current is { HasExited: false } running)
        {
            return running;
        }

        await starting.WaitAsync(cancellationToken);
        try
        {
            if (current is { HasExited: false } other)
            {
                return other;
            }

            if (current is { } gone)
            {
                await gone.DisposeAsync();
            }

            return current = new Planner(
                ExecutorProcess.Start(program.Path, deadline, logger, dataBytes: limits.DataBytes, rules: program.Rules), limits);
        }
        finally
        {
            starting.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (current is { } planner)
        {
            await planner.DisposeAsync();
        }

        starting.Dispose();
    }
}
