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

    private readonly Process process;
    private readonly StreamWriter log;
    private readonly Queue<string> tail = new();
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

    /// <summary>What it said of settings that it does not know, which its log alone would have.</summary>
    public IReadOnlyList<string> UnknownSettings
    {
        get
        {
            lock (gate)
            {
                return [.. tail.Where(line => line.StartsWith("Unknown setting ", StringComparison.Ordinal))];
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

    private static bool IsForPeople(string line) =>
        line.Trim() is { Length: > 0 } text && !text.StartsWith("at ", StringComparison.Ordinal)
        && !text.StartsWith("--- End of", StringComparison.Ordinal);

    /// <summary>Starts the silo of a folder.</summary>
    /// <exception cref="EmbeddedClusterException">There is no silo in the folder, or the system refuses to start it.</exception>
    public static SiloProcess Start(string folder, IEnumerable<string> arguments, string logFile)
    {
        var start = StartInfo(folder);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(logFile)!);
        var log = new StreamWriter(
            new FileStream(logFile, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        var silo = new SiloProcess(new Process { StartInfo = start }, log);
        silo.process.OutputDataReceived += (_, line) => silo.Keep(line.Data);
        silo.process.ErrorDataReceived += (_, line) => silo.Keep(line.Data);
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
            log.Dispose();
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

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (gate)
        {
            if (log.BaseStream.CanWrite)
            {
                log.WriteLine(line);
            }

            LinesWritten++;
            tail.Enqueue(line);
            if (tail.Count > TailLines)
            {
                tail.Dequeue();
            }
        }
    }

    /// <returns>False where the system has no polite way, or the process is gone.</returns>
    private bool RequestEnd() => !OperatingSystem.IsWindows() && SendSignal(process.Id, SigTerm) == 0;

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int processId, int signal);
}
