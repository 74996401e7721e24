using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Orleans.Cluster.Cli.Terminal;

namespace Orleans.Cluster.Cli.Embedded;

/// <summary>The silo as a child process whose words go into a log file.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private const int TailLines = 25;
    private const int WordsShown = 4;
    private const int SigTerm = 15;
    private static readonly TimeSpan LastWordsWithin = TimeSpan.FromMilliseconds(500);

    private readonly Process process;
    private readonly StreamWriter log;
    private readonly Queue<string> tail = new();
    private readonly Queue<string> errors = new();
    private readonly Queue<string> notes = new();
    private readonly Lock gate = new();

    private SiloProcess(Process process, StreamWriter log)
    {
        this.process = process;
        this.log = log;
    }

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    public int ExitCode => process.ExitCode;

    /// <summary>Lines that it has written by now.</summary>
    public int LinesWritten { get; private set; }

    /// <summary>
    /// What it has said since the last call that whoever starts it should see, and would find in the log alone: warnings, such as
    /// of settings that it does not know, and what it waits for.
    /// </summary>
    public IReadOnlyList<string> TakeNotes()
    {
        lock (gate)
        {
            var taken = notes.ToList();
            notes.Clear();
            return taken;
        }
    }

    /// <summary>The last lines that it wrote as errors, without stack frames and notes: why it does not start.</summary>
    public IReadOnlyList<string> Errors
    {
        get
        {
            lock (gate)
            {
                return [.. errors];
            }
        }
    }

    /// <summary>The process, for its figures.</summary>
    public Process Process => process;

    /// <summary>The last lines that it wrote, without stack frames, which its log keeps.</summary>
    public string Tail
    {
        get
        {
            lock (gate)
            {
                return string.Join(Environment.NewLine, tail.Where(IsForPeople).TakeLast(WordsShown));
            }
        }
    }

    private static bool IsNote(string line) => line.StartsWith("Warning: ", StringComparison.Ordinal)
        || line.StartsWith("Waiting ", StringComparison.Ordinal);

    private static bool IsForPeople(string line) =>
        line.Trim() is { Length: > 0 } text && !text.StartsWith("at ", StringComparison.Ordinal)
        && !text.StartsWith("--- End of", StringComparison.Ordinal);

    /// <summary>Starts the silo of a folder.</summary>
    /// <param name="folder">Where its program is.</param>
    /// <param name="arguments">What it is told.</param>
    /// <param name="logFile">Where its words go; closed with this object.</param>
    /// <exception cref="EmbeddedClusterException">There is no silo in the folder, or the system refuses to start it.</exception>
    public static SiloProcess Start(string folder, IEnumerable<string> arguments, Stream logFile)
    {
        var start = StartInfo(folder);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var log = new StreamWriter(logFile) { AutoFlush = true };
        var silo = new SiloProcess(new Process { StartInfo = start }, log);
        silo.process.OutputDataReceived += (_, line) => silo.Keep(line.Data, isError: false);
        silo.process.ErrorDataReceived += (_, line) => silo.Keep(line.Data, isError: true);
        try
        {
            silo.process.Start();
        }
        catch (Win32Exception exception)
        {
            log.Dispose();
            throw new EmbeddedClusterException($"The silo could not be started from {start.FileName}: {exception.Message}");
        }

        silo.process.BeginOutputReadLine();
        silo.process.BeginErrorReadLine();
        return silo;
    }

    public Task WaitForExitAsync(CancellationToken cancellationToken) => process.WaitForExitAsync(cancellationToken);

    /// <summary>Waits, once it has ended, for its last words. What it started may hold its pipes open, so not for long.</summary>
    public async Task WaitForLastWordsAsync()
    {
        using var limit = new CancellationTokenSource(LastWordsWithin);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            // What came is all there is.
        }
    }

    /// <summary>Asks it to end; after the limit, kills it with all that it has started.</summary>
    public async Task StopAsync(TimeSpan limit)
    {
        if (!process.HasExited && RequestEnd())
        {
            using var deadline = new CancellationTokenSource(limit);
            try
            {
                await process.WaitForExitAsync(deadline.Token);
            }
            catch (OperationCanceledException) when (deadline.IsCancellationRequested)
            {
                // It had its time.
            }
        }

        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero);
        process.Dispose();
        lock (gate)
        {
            Write(log.Dispose);
        }
    }

    private static ProcessStartInfo StartInfo(string folder)
    {
        var program = Path.Combine(folder, OperatingSystem.IsWindows() ? "Orleans.Cluster.Silo.exe" : "Orleans.Cluster.Silo");
        var library = Path.Combine(folder, "Orleans.Cluster.Silo.dll");
        if (!File.Exists(library))
        {
            throw new EmbeddedClusterException(
                $"There is no silo in {folder}. Build the command line's project, which places it there.");
        }

        var start = new ProcessStartInfo
        {
            FileName = File.Exists(program) ? program : Path.Combine(DotnetRoot, "dotnet"),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        if (start.FileName != program)
        {
            start.ArgumentList.Add(library);
        }

        // The runtime that runs this program, wherever it is installed, also runs the silo and what that starts.
        start.Environment["DOTNET_ROOT"] = DotnetRoot;
        return start;
    }

    private static string DotnetRoot =>
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    // Called by threads of the runtime, where an exception would end the program. A full disk must not: the words are shown all
    // the same, and the silo says what it makes of the disk.
    private static void Write(Action write)
    {
        try
        {
            write();
        }
        catch (IOException)
        {
            // The log lacks what did not fit.
        }
    }

    private void Keep(string? line, bool isError)
    {
        if (line is null)
        {
            return;
        }

        lock (gate)
        {
            if (log.BaseStream.CanWrite)
            {
                Write(() => log.WriteLine(line));
            }

            LinesWritten++;
            KeepLast(tail, line);
            if (isError && IsForPeople(line))
            {
                KeepLast(IsNote(line) ? notes : errors, line);
            }
        }
    }

    private static void KeepLast(Queue<string> lines, string line)
    {
        lines.Enqueue(line);
        if (lines.Count > TailLines)
        {
            lines.Dequeue();
        }
    }

    /// <returns>False where the system has no polite way, or the process is gone.</returns>
    private bool RequestEnd() => !OperatingSystem.IsWindows() && SendSignal(process.Id, SigTerm) == 0;

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int processId, int signal);
}
