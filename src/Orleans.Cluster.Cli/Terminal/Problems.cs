using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Cli.Terminal;

/// <summary>An error document in words.</summary>
internal static class Problems
{
    public static void Write(CliConsole console, ProblemDocument problem)
    {
        var notes = console.NotesText;
        notes.WriteLine($"{problem.Detail} ({problem.Code})");
        foreach (var fault in problem.Errors ?? [])
        {
            notes.WriteLine($"  {(fault.Pointer.Length == 0 ? "/" : fault.Pointer)}: {fault.Detail} ({fault.Code})");
        }

        if (problem.Hint is { } hint)
        {
            notes.WriteLine($"Hint: {hint}");
        }

        if (problem.TraceId is { } trace)
        {
            notes.WriteLine($"Trace: {trace}");
        }
    }
}
