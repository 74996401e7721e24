using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Files.Outputs;

/// <summary>
/// What is left to do once an output is visible: the job has succeeded by now, and nothing here can change that. What cannot be
/// removed is tried again beside the job.
/// </summary>
internal sealed partial class OutputTidying(TimeProvider clock, ILogger logger)
{
    // The old output is in the way of readers, so it is tried soon; a disk that refuses for an hour needs somebody who looks
    // after it.
    private static readonly TimeSpan FirstTidyPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TidyPatience = TimeSpan.FromHours(1);

    /// <summary>Tidies, and tells what was published.</summary>
    /// <param name="told">The result.</param>
    /// <param name="notes">What a reader of the job's status should know.</param>
    /// <param name="tidy">Removes what was replaced and left over.</param>
    /// <param name="tidyAgain">The same, later.</param>
    public async Task<PublishedOutput> Finish(
        JobResult told, IReadOnlyList<string> notes, Func<Task> tidy, Func<Task> tidyAgain)
    {
        foreach (var note in notes)
        {
            Log.Kept(logger, note);
        }

        try
        {
            await tidy();
            return new PublishedOutput(told, notes);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or System.Text.Json.JsonException)
        {
            Log.NotTidied(logger, exception.Message);
            _ = TidyLater(tidyAgain).ContinueWith(
                task => Log.TidyingBroke(logger, task.Exception), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted,
                TaskScheduler.Default);
            return new PublishedOutput(
                told, [.. notes, $"The earlier output could not be removed yet, and is tried again: {exception.Message}"]);
        }
    }

    private async Task TidyLater(Func<Task> tidy)
    {
        var begun = clock.GetTimestamp();
        for (var pause = FirstTidyPause; clock.GetElapsedTime(begun) < TidyPatience; pause *= 2)
        {
            await Task.Delay(pause, clock);
            try
            {
                await tidy();
                return;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                Log.NotTidied(logger, exception.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 410, Level = LogLevel.Warning, Message = "{Note}")]
        public static partial void Kept(ILogger logger, string note);

        [LoggerMessage(EventId = 411, Level = LogLevel.Warning,
            Message = "An output is published, but what it replaces could not be removed yet: {Message}")]
        public static partial void NotTidied(ILogger logger, string message);

        [LoggerMessage(EventId = 412, Level = LogLevel.Error, Message = "Removing a replaced output ended unexpectedly.")]
        public static partial void TidyingBroke(ILogger logger, Exception? exception);
    }
}
