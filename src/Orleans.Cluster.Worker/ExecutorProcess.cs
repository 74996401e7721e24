using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;
using StreamJsonRpc;

namespace Orleans.Cluster.Worker;

/// <summary>
/// One child process around the engine, called over its standard input and output. Its life: started, asked, killed or ended by
/// itself. The deadline that it holds is renewed here for as long as this silo runs; a frozen silo renews nothing, and the
/// executor ends.
/// </summary>
internal sealed partial class ExecutorProcess : IAsyncDisposable
{
    /// <summary>Exit code of an executor that ended itself at its deadline or when its parent was gone.</summary>
    public const int DeadlineExitCode = 75;

    private const int SignalExitCode = 128;
    private const int AlarmSignal = 14;

    // One that leaves all renewals of a deadline unanswered has stopped, while this process has not.
    private const int RenewalsPerDeadline = 10;

    // One that holds more than this of a task's memory before the task begins is not worth keeping.
    private const double KeptShare = 0.9;

    private readonly Process process;
    private readonly JsonRpc rpc;
    private readonly ILogger logger;
    private readonly Timer renewal;
    private readonly Queue<string> lastWords = new();
    private readonly MemoryCgroup? group;
    private readonly Func<bool>? isWanted;
    private readonly Task<int> exit;

    // A look at memory has the platform's object forget that the process has ended: whoever asks for that meanwhile, or for its
    // exit code, is told that it runs.
    private readonly Lock looking = new();
    private int disposed;
    private int wasKilledHere;
    private int unanswered;
    private volatile bool hasAnswered;
    private volatile bool wasSilent;

    private ExecutorProcess(Process process, TimeSpan deadline, MemoryCgroup? group, Func<bool>? isWanted, ILogger logger)
    {
        this.isWanted = isWanted;
        this.group = group;
        this.process = process;
        this.logger = logger;
        var formatter = new SystemTextJsonFormatter { JsonSerializerOptions = WireJson.Apply(new()) };
        rpc = new JsonRpc(
            new HeaderDelimitedMessageHandler(process.StandardInput.BaseStream, process.StandardOutput.BaseStream, formatter));
        Executor = rpc.Attach<IExecutor>();
        rpc.StartListening();
        process.ErrorDataReceived += (_, line) => Remember(line.Data);
        process.BeginErrorReadLine();
        exit = WaitForExit();
        renewal = new Timer(_ => Renew(deadline), null, TimeSpan.Zero, deadline / RenewalsPerDeadline);
    }

    /// <summary>
    /// Its methods. A call that is under way when the process ends throws <see cref="ConnectionLostException"/>.
    /// </summary>
    public IExecutor Executor { get; }

    public int Id => process.Id;

    /// <summary>Whether it has ended. True too once it was disposed of, which another thread may do meanwhile.</summary>
    public bool HasExited
    {
        get
        {
            try
            {
                lock (looking)
                {
                    return process.HasExited;
                }
            }
            catch (InvalidOperationException)
            {
                return true;
            }
        }
    }

    /// <summary>
    /// Whether it ended because nobody renewed its deadline, its parent seemed gone, or it answered no renewal: a machine with
    /// too much work does all of that, so that nothing is said of what it was asked.
    /// </summary>
    public bool EndedByDeadline =>
        exit is { IsCompletedSuccessfully: true, Result: DeadlineExitCode or SignalExitCode + AlarmSignal }
            || (wasSilent && exit.IsCompleted);

    /// <summary>The signal that ended it; null while it runs and when it ended by itself.</summary>
    public int? EndedBySignal =>
        exit is { IsCompletedSuccessfully: true, Result: > SignalExitCode and var code } ? code - SignalExitCode : null;

    /// <summary>Whether this process killed it.</summary>
    public bool WasKilledHere => Volatile.Read(ref wasKilledHere) == 1;

    /// <summary>Completes when the connection is gone, which is when the process is.</summary>
    public Task Completion => rpc.Completion;

    /// <summary>Starts one. Its first lease is the deadline itself.</summary>
    /// <param name="program">The executor's program.</param>
    /// <param name="deadline">How long it goes on without hearing from this process.</param>
    /// <param name="logger">Hears of it.</param>
    /// <param name="guard">Encloses it; null: nothing does.</param>
    /// <param name="dataBytes">Writable memory that the kernel gives it; null for any.</param>
    /// <param name="rules">What it may read; null for whatever it is asked to.</param>
    /// <param name="isWanted">Asked before each renewal; while it says no, the deadline is not renewed. Null for always.</param>
    public static ExecutorProcess Start(
        string program, TimeSpan deadline, ILogger logger, MemoryGuard? guard = null, long? dataBytes = null,
        SourceRules? rules = null, Func<bool>? isWanted = null)
    {
        var start = new ProcessStartInfo
        {
            FileName = program.EndsWith(".dll", StringComparison.Ordinal) ? "dotnet" : program,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        ExecutorEnvironment.Apply(start.Environment);
        if (rules is not null)
        {
            start.Environment[SourceRules.Variable] = JsonSerializer.Serialize(rules);
        }

        if (program.EndsWith(".dll", StringComparison.Ordinal))
        {
            start.ArgumentList.Add(program);
        }

        start.ArgumentList.Add("--lease-seconds");
        start.ArgumentList.Add(deadline.TotalSeconds.ToString(CultureInfo.InvariantCulture));
        start.ArgumentList.Add("--parent");
        start.ArgumentList.Add(Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        if (dataBytes is { } bytes)
        {
            start.ArgumentList.Add("--data-bytes");
            start.ArgumentList.Add(bytes.ToString(CultureInfo.InvariantCulture));
        }

        var process = ExecutorLauncher.Start(start);
        Log.Started(logger, process.Id);
        return new ExecutorProcess(process, deadline, guard?.Enclose(process.Id), isWanted, logger);
    }

    /// <summary>
    /// Whether it has room for a task of so much memory beside what it has kept of earlier ones; then the kernel holds it to
    /// that, where it can.
    /// </summary>
    public bool TryLimit(long bytes)
    {
        if (HasExited || (group?.HeldBytes() ?? ResidentBytes()) > bytes * KeptShare)
        {
            return false;
        }

        group?.Limit(bytes);
        return true;
    }

    /// <summary>Whether the kernel ended it for passing its limit.</summary>
    public bool EndedByLimit => group?.HasKilled() == true;

    /// <summary>Resident bytes now; 0 when the process is gone or the platform does not say.</summary>
    public long ResidentBytes()
    {
        try
        {
            lock (looking)
            {
                if (process.HasExited)
                {
                    return 0;
                }

                if (ResidentSet.Of(process.Id) is { } bytes)
                {
                    return bytes;
                }

                process.Refresh();
                return process.WorkingSet64;
            }
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // It ended between the question and the look: then the platform has no figures of it.
            return 0;
        }
    }

    /// <summary>Processor seconds so far; 0 when the process is gone.</summary>
    public double CpuSeconds()
    {
        try
        {
            lock (looking)
            {
                return process.HasExited ? 0 : process.TotalProcessorTime.TotalSeconds;
            }
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // It ended between the question and the look: then the platform has no figures of it.
            return 0;
        }
    }

    /// <summary>Kills it and waits until it is gone.</summary>
    public async Task Kill()
    {
        try
        {
            lock (looking)
            {
                if (!process.HasExited)
                {
                    Interlocked.Exchange(ref wasKilledHere, 1);
                    process.Kill();
                }
            }
        }
        catch (InvalidOperationException)
        {
            // It was gone before.
        }

        // Not the platform's wait again: it asks whether the process has ended, beside looks that make it forget so, and would
        // then wait for an event that has been.
        await exit;
    }

    /// <summary>How it ended, with the last lines that it wrote, for the failure of the attempt that it ran.</summary>
    public async Task<string> Epitaph()
    {
        // Whoever starts another in its place disposes of the process, maybe before all who asked it have heard of its end.
        var exitCode = await exit;
        string words;
        lock (lastWords)
        {
            words = string.Join(" | ", lastWords);
        }

        var end = exitCode switch
        {
            > 128 => $"ended by signal {exitCode - 128}",
            var code => $"ended with exit code {code}",
        };
        return words.Length == 0 ? $"The executor {end}." : $"The executor {end}; its last lines: {words}";
    }

    /// <summary>Kills it. Safe to call again: pools and containers may both own it at the end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        await renewal.DisposeAsync();
        rpc.Dispose();
        await Kill();
        await exit;
        group?.Dispose();
        process.Dispose();
    }

    private async Task<int> WaitForExit()
    {
        await process.WaitForExitAsync();
        lock (looking)
        {
            return process.ExitCode;
        }
    }

    private void Renew(TimeSpan deadline)
    {
        if (rpc.IsDisposed || rpc.Completion.IsCompleted || isWanted?.Invoke() == false)
        {
            return;
        }

        // Counted, not timed: while this process stands still it asks nothing, and its executors are not to blame. Nothing is
        // counted before the first answer, since a start may take long.
        if (hasAnswered && Interlocked.Increment(ref unanswered) > RenewalsPerDeadline)
        {
            wasSilent = true;
            Log.Silent(logger, process.Id, deadline);
            _ = Kill();
            return;
        }

        _ = Ping(deadline);
    }

    private async Task Ping(TimeSpan deadline)
    {
        try
        {
            await Executor.RenewAsync(deadline.TotalSeconds, CancellationToken.None);
            Volatile.Write(ref unanswered, 0);
            hasAnswered = true;
        }
        catch (Exception exception) when (exception is ConnectionLostException or ObjectDisposedException
            or RemoteInvocationException or IOException)
        {
            // When the connection is gone, the process is; whoever asked it something hears of that.
            Log.NotRenewed(logger, process.Id, exception.Message);
        }
    }

    private void Remember(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
        {
            return;
        }

        Log.Said(logger, process.Id, line);
        lock (lastWords)
        {
            lastWords.Enqueue(line.Length > 300 ? line[..300] : line);
            while (lastWords.Count > 5)
            {
                lastWords.Dequeue();
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 300, Level = LogLevel.Debug, Message = "Executor {ProcessId} started.")]
        public static partial void Started(ILogger logger, int processId);

        [LoggerMessage(EventId = 301, Level = LogLevel.Debug, Message = "Executor {ProcessId}: {Line}")]
        public static partial void Said(ILogger logger, int processId, string line);

        [LoggerMessage(
            EventId = 302, Level = LogLevel.Warning,
            Message = "Executor {ProcessId} has answered nothing for {Deadline} and is ended.")]
        public static partial void Silent(ILogger logger, int processId, TimeSpan deadline);

        [LoggerMessage(EventId = 303, Level = LogLevel.Debug, Message = "Executor {ProcessId} was not renewed: {Message}")]
        public static partial void NotRenewed(ILogger logger, int processId, string message);
    }
}
