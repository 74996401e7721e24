using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Orleans.Cluster.Planning.Scaling;

namespace Orleans.Cluster.Silo.Scaling;

/// <summary>One worker process that this process has started, from its start to its end.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private const int Sigterm = 15;
    private const int LastWordsBytes = 2_000;

    private readonly Process _process;
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _startedAt;
    private readonly string _logFile;
    private readonly long _logStart;
    private readonly WorkerShape _shape;
    private volatile bool _wasRequested;
    private volatile InstanceEnd? _end;

    private WorkerProcess(Process process, int number, WorkerShape shape, string logFile, long logStart, TimeProvider time)
    {
        (_process, Number, _shape, _logFile, _logStart, _time) = (process, number, shape, logFile, logStart, time);
        _startedAt = time.GetUtcNow();
        Ended = WatchAsync();
    }

    /// <summary>Place among the workers of this gateway, from 1; it names the log file.</summary>
    public int Number { get; }

    public int ProcessId => _process.Id;

    /// <summary>File that it writes to.</summary>
    public string LogFile => _logFile;

    /// <summary>Completes when the process has ended.</summary>
    public Task Ended { get; }

    public InstanceEnd? End => _end;

    public static WorkerProcess Start(ProcessStartInfo command, int number, WorkerShape shape, string logFile, TimeProvider time)
    {
        var logStart = File.Exists(logFile) ? new FileInfo(logFile).Length : 0;
        var process = Process.Start(command)
            ?? throw new UnreachableException("A process started without the shell is a process.");
        process.StandardInput.Close();
        return new WorkerProcess(process, number, shape, logFile, logStart, time);
    }

    public ScaleInstance Describe() => new()
    {
        Id = _process.Id.ToString(CultureInfo.InvariantCulture),
        StartedAt = _startedAt,
        ProcessId = _process.Id,
        Machine = Environment.MachineName,
        Shape = _shape,
        End = _end,
    };

    /// <summary>Asks it to finish what it runs and end, and ends it by force when it has not after that time.</summary>
    public async Task StopAsync(TimeSpan atMost)
    {
        _wasRequested = true;
        if (OperatingSystem.IsWindows() || !Signal(Sigterm))
        {
            Kill();
        }

        try
        {
            await Ended.WaitAsync(atMost, _time);
        }
        catch (TimeoutException)
        {
            Kill();
            await Ended;
        }
    }

    public void Kill()
    {
        _wasRequested = true;
        _process.Kill();
    }

    public void Dispose() => _process.Dispose();

    private async Task WatchAsync()
    {
        await _process.WaitForExitAsync();
        var endedAt = _time.GetUtcNow();
        var lived = (endedAt - _startedAt).TotalSeconds;
        var words = _wasRequested && _process.ExitCode == 0 ? "" : LastWords();
        var detail = string.Create(
            CultureInfo.InvariantCulture, $"process {_process.Id} ended with code {_process.ExitCode} after {lived:F1} s{words}");
        _end = new InstanceEnd(endedAt, _wasRequested, detail);
    }

    // What it wrote last is the best reason that there is for its end.
    private string LastWords()
    {
        try
        {
            using var log = new FileStream(_logFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var start = _logStart <= log.Length ? _logStart : 0; // It began anew meanwhile.
            log.Position = Math.Max(start, log.Length - LastWordsBytes);
            using var reader = new StreamReader(log);
            var last = reader.ReadToEnd()
                .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).LastOrDefault();
            return last is null ? "" : $": {last.TrimEnd('.')}";
        }
        catch (IOException e)
        {
            return $" (its log {_logFile} cannot be read: {e.Message})";
        }
    }

    private bool Signal(int signal) => !_process.HasExited && SendSignal(_process.Id, signal) == 0;

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int SendSignal(int processId, int signal);
}
