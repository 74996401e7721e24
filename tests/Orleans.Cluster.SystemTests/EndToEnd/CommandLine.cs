using System.Diagnostics;
using System.Text;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>One run of the command line as a process of its own.</summary>
internal sealed class CommandLine : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly Task<string> output;
    private readonly StringBuilder notes = new();

    private CommandLine(Process process)
    {
        this.process = process;
        output = process.StandardOutput.ReadToEndAsync();
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginErrorReadLine();
    }

    /// <summary>Its program, for scripts that call it themselves.</summary>
    public static string Program => EmbeddedCluster.Program("Orleans.Cluster.Cli");

    public static CommandLine Start(EmbeddedCluster cluster, params string[] arguments)
    {
        // A shell in the background starts its children deaf to Ctrl-C; here it must be heard whoever started the tests.
        var start = new ProcessStartInfo("env")
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = cluster.Folder,
        };
        foreach (var argument in (string[])["--default-signal=INT", "dotnet", Program, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["ORLEANS_CLUSTER_SERVER"] = cluster.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);
        if (cluster.AuthorityFile is { } authority)
        {
            start.Environment["SSL_CERT_FILE"] = authority;
        }

        return new CommandLine(Process.Start(start)!);
    }

    public static async Task<(int Code, string Output, string Notes)> Run(EmbeddedCluster cluster, params string[] arguments)
    {
        using var command = Start(cluster, arguments);
        return await command.EndAsync();
    }

    /// <summary>Waits until a text is among its notes.</summary>
    public Task SaysAsync(string text) => EmbeddedCluster.Until(
        () => Task.FromResult(Notes().Contains(text, StringComparison.Ordinal)), Limit, () => $"no '{text}' in: {Notes()}");

    /// <summary>Ctrl-C.</summary>
    public void Interrupt()
    {
        using var kill = Process.Start("kill", ["-INT", $"{process.Id}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    public async Task<(int Code, string Output, string Notes)> EndAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output, Notes());
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        process.Dispose();
    }

    private string Notes()
    {
        lock (notes)
        {
            return notes.ToString();
        }
    }

    private void Keep(string? line)
    {
        lock (notes)
        {
            notes.AppendLine(line);
        }
    }
}
