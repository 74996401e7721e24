using System.Globalization;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.Planning.Insight;

/// <summary>
/// A job in words. Every sentence is a fact of the job's own record; nothing is guessed, and what was not measured is not said.
/// </summary>
public static class JobStories
{
    /// <summary>The story so far, or the whole one of an ended job.</summary>
    public static JobStory Tell(StoryFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        var stages = StageFacts.Of(facts);
        return new JobStory(Verdict(facts, stages), Phases(facts), StoryFindings.Of(facts, stages));
    }

    private static string Verdict(StoryFacts facts, IReadOnlyList<StageFacts> stages)
    {
        var sentences = new List<string> { Outcome(facts) };
        var waited = WaitSeconds(facts);
        if (waited >= 0.1 && facts.Status.StartedAt is not null)
        {
            sentences.Add($"It waited {Words.Duration(waited)} before its first attempt began.");
        }

        if (stages.Where(stage => stage.WallSeconds > 0).MaxBy(stage => stage.WallSeconds) is { } slowest && stages.Count > 1)
        {
            sentences.Add(
                $"Stage {slowest.Index}{Name(facts, slowest.Index)} took longest: {Words.Duration(slowest.WallSeconds)} for "
                + $"{Words.Of(slowest.Partitions, "partition")}.");
        }

        sentences.AddRange(Ends(facts));
        if (facts.Status is { Phase: JobPhase.Failed, Error: { } error })
        {
            sentences.Add($"The error is {error.Code}: {error.Detail}");
        }

        return string.Join(' ', sentences);
    }

    private static string Outcome(StoryFacts facts)
    {
        var status = facts.Status;
        var took = Words.Duration(((status.FinishedAt ?? facts.Now) - status.CreatedAt).TotalSeconds);
        var work = $"{Words.Of(status.Progress.Partitions.Total, "partition")} in "
            + $"{Words.Of(Math.Max(1, status.Progress.Stages.Count), "stage")}";
        return status.Phase switch
        {
            JobPhase.Succeeded => $"The job succeeded after {took}: {work}"
                + (status.Result is { } result ? $", {Words.Of(result.Rows, "row")} in the result." : "."),
            JobPhase.Failed => $"The job failed after {took}, with {status.Progress.Partitions.Completed} of {work} committed.",
            JobPhase.Cancelled =>
                $"The job was cancelled after {took}, with {status.Progress.Partitions.Completed} of {work} committed.",
            _ => $"The job has been going for {took}: {status.Progress.Partitions.Completed} of {work} are committed"
                + (status.Reason is { } reason ? $". Now: {reason.Detail.TrimEnd('.')}." : "."),
        };
    }

    private static double WaitSeconds(StoryFacts facts) =>
        ((facts.Status.StartedAt ?? facts.Status.FinishedAt ?? facts.Now) - facts.Status.CreatedAt).TotalSeconds;

    private static IEnumerable<string> Ends(StoryFacts facts)
    {
        var failed = facts.Attempts.Count(attempt => attempt.State == Jobs.AttemptState.Failed);
        var lost = facts.Attempts.Count(attempt => attempt.State == Jobs.AttemptState.Lost);
        if (failed > 0)
        {
            yield return $"{Words.Of(failed, "attempt")} failed.";
        }

        if (lost > 0)
        {
            yield return $"{Words.Of(lost, "attempt")} {(lost == 1 ? "was" : "were")} lost with {(lost == 1 ? "its" : "their")} "
                + "worker.";
        }

        if (facts.Status.QuarantinedRows > 0)
        {
            yield return $"{Words.Of(facts.Status.QuarantinedRows, "row")} "
                + $"{(facts.Status.QuarantinedRows == 1 ? "was" : "were")} set aside.";
        }
    }

    private static List<StoryPhase> Phases(StoryFacts facts)
    {
        var made = new List<StoryPhase>();
        for (var i = 0; i < facts.Changes.Count && !facts.Changes[i].Phase.IsTerminal(); i++)
        {
            var change = facts.Changes[i];
            var end = i + 1 < facts.Changes.Count ? facts.Changes[i + 1].At : facts.Now;
            var isLast = i + 1 == facts.Changes.Count;
            made.Add(new StoryPhase(
                JsonNamingPolicy.SnakeCaseUpper.ConvertName(change.Phase.ToString()), Math.Max(0, (end - change.At).TotalSeconds),
                isLast && facts.Status.Reason is { } reason ? reason.Detail : change.Detail));
        }

        return made;
    }

    private static string Name(StoryFacts facts, int stage) =>
        facts.Status.Progress.Stages.FirstOrDefault(each => each.Index == stage) is { Name: { } name } ? $" ({name})" : "";
}

/// <summary>Numbers as the story writes them.</summary>
internal static class Words
{
    public static string Of(long count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:#,0} {noun}{(count == 1 ? "" : "s")}");

    public static string Bytes(double bytes) => bytes switch
    {
        >= 1L << 30 => Text(bytes / (1L << 30), "GiB"),
        >= 1L << 20 => Text(bytes / (1L << 20), "MiB"),
        >= 1L << 10 => Text(bytes / (1L << 10), "KiB"),
        _ => Text(bytes, "bytes"),
    };

    public static string Duration(double seconds) => seconds switch
    {
        < 1 => Text(Math.Round(seconds * 1000), "ms"),
        < 90 => Text(seconds, "s"),
        < 5400 => Text(seconds / 60, "min"),
        _ => Text(seconds / 3600, "h"),
    };

    private static string Text(double value, string unit) => string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {unit}");
}
