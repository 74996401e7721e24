using Orleans.Cluster.Cli.Terminal;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Orleans.Cluster.Cli.Following;

/// <summary>Workers and queue, redrawn every second on a terminal, once elsewhere.</summary>
internal sealed class ClusterWatch(Session session)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public async Task<int> RunAsync()
    {
        if (session.Json)
        {
            session.WriteJson(new
            {
                Cluster = await session.Cluster.GetStatusAsync(session.Cancellation),
                Queue = await session.Cluster.GetQueueAsync(session.Cancellation),
            });
            return ExitCodes.Done;
        }

        if (!session.Console.IsLive)
        {
            session.Console.Out.Write(await LookAsync());
            return ExitCodes.Done;
        }

        await session.Console.Notes.Live(await LookAsync()).StartAsync(RedrawAsync);
        return ExitCodes.Done;
    }

    private async Task RedrawAsync(LiveDisplayContext display)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Interval, session.Cancellation);
                display.UpdateTarget(await LookAsync());
            }
        }
        catch (OperationCanceledException) when (session.Cancellation.IsCancellationRequested)
        {
            // The user has seen enough.
        }
    }

    private async Task<IRenderable> LookAsync() => ClusterViews.Both(
        await session.Cluster.GetStatusAsync(session.Cancellation), await session.Cluster.GetQueueAsync(session.Cancellation));
}
