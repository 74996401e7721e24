using System.Globalization;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Scaling;

namespace Orleans.Cluster.Silo.Scaling;

/// <summary>Workers as child processes of this gateway, on this machine. They end with it, whatever way it ends.</summary>
internal sealed partial class LocalProcessTarget(
    WorkerCommand command, ClusterPaths paths, IOptions<ClusterSettings> settings, TimeProvider time,
    ILogger<LocalProcessTarget> logger)
    : IScaleTarget, IHostedService, IDisposable
{
    private const int KeptEnds = 64;
    private const long MaxLogBytes = 8 << 20;

    // Silos join by compare-and-set on one row of the membership table, and a loser waits for seconds.
    private static readonly TimeSpan Stagger = TimeSpan.FromMilliseconds(150);

    private readonly Lock _gate = new();
    private readonly List<WorkerProcess> _running = [];
    private readonly Queue<ScaleInstance> _ended = [];
    private bool _isStopping;

    public string Name => "local-processes";

    public bool CanScale => true;

    public Task<IReadOnlyList<ScaleInstance>> List(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            MarkEnded();
            foreach (var worker in _running)
            {
                WorkerLog.Shorten(worker.LogFile, MaxLogBytes);
            }

            return Task.FromResult<IReadOnlyList<ScaleInstance>>([.. _ended, .. _running.Select(worker => worker.Describe())]);
        }
    }

    /// <summary>Whether a process is a worker that was started here and has not ended.</summary>
    public bool IsRunning(int process)
    {
        lock (_gate)
        {
            return _running.Any(worker => worker.ProcessId == process && worker.End is null);
        }
    }

    public async Task Start(int count, WorkerShape shape, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(paths.Logs);
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
            {
                await Task.Delay(Stagger, time, cancellationToken);
            }

            StartOne(shape);
        }
    }

    public Task Stop(IReadOnlyCollection<string> instances, bool atOnce, CancellationToken cancellationToken)
    {
        foreach (var worker in Find(instances))
        {
            if (atOnce)
            {
                worker.Kill();
            }
            else
            {
                // Not awaited: it takes as long as the worker's attempts do, and it bounds and ends itself.
                _ = worker.StopAsync(StopBound);
            }
        }

        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        WorkerProcess[] workers;
        lock (_gate)
        {
            _isStopping = true;
            workers = [.. _running];
        }

        await Task.WhenAll(workers.Select(worker => worker.StopAsync(StopBound)));
    }

    public void Dispose()
    {
        foreach (var worker in _running)
        {
            worker.Dispose();
        }
    }

    // A worker's own host waits for ShutdownTimeout; then its silo leaves the cluster.
    private TimeSpan StopBound => settings.Value.ShutdownTimeout + TimeSpan.FromSeconds(5);

    private void StartOne(WorkerShape shape)
    {
        lock (_gate)
        {
            if (_isStopping)
            {
                return;
            }

            var number = Enumerable.Range(1, _running.Count + 1).Except(_running.Select(worker => worker.Number)).First();
            var logFile = PrepareLog(number);
            var worker = WorkerProcess.Start(command.Build(shape, logFile), number, shape, logFile, time);
            _running.Add(worker);
            Log.Started(logger, number, worker.ProcessId, logFile);
        }
    }

    private void MarkEnded()
    {
        foreach (var worker in _running.Where(worker => worker.End is not null).ToList())
        {
            _running.Remove(worker);
            _ended.Enqueue(worker.Describe());
            if (worker.End is { WasRequested: false } end)
            {
                Log.Died(logger, worker.Number, end.Detail);
            }

            worker.Dispose();
        }

        while (_ended.Count > KeptEnds)
        {
            _ended.Dequeue();
        }
    }

    private List<WorkerProcess> Find(IReadOnlyCollection<string> instances)
    {
        lock (_gate)
        {
            return [.. _running.Where(worker => instances.Contains(worker.ProcessId.ToString(CultureInfo.InvariantCulture)))];
        }
    }

    // One file for each place, kept over restarts of its worker; at most two of MaxLogBytes.
    private string PrepareLog(int number)
    {
        var file = Path.Combine(paths.Logs, string.Create(CultureInfo.InvariantCulture, $"worker-{number}.log"));
        WorkerLog.Shorten(file, MaxLogBytes);
        return file;
    }

    private static partial class Log
    {
        [LoggerMessage(1200, LogLevel.Information, "Worker {Number} is process {ProcessId}, log {LogFile}")]
        public static partial void Started(ILogger logger, int number, int processId, string logFile);

        [LoggerMessage(1201, LogLevel.Warning, "Worker {Number} is gone: {Detail}")]
        public static partial void Died(ILogger logger, int number, string detail);
    }
}
