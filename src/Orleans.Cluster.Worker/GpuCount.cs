using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Orleans.Cluster.Worker;

/// <summary>GPUs of this machine as <c>nvidia-smi</c> lists them; none where there is no such program.</summary>
internal sealed partial class GpuCount(ILogger<GpuCount> logger)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);
    private readonly Lazy<int> count = new(() => Find(logger));

    public int Value => count.Value;

    private static int Find(ILogger logger)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo("nvidia-smi", "--list-gpus")
                {
                    RedirectStandardOutput = true, RedirectStandardError = true,
                });
            var output = process!.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(Bound))
            {
                process.Kill();
                Log.Silent(logger);
                return 0;
            }

            return process.ExitCode == 0
                ? output.Result.Split('\n').Count(line => line.StartsWith("GPU ", StringComparison.Ordinal))
                : 0;
        }
        catch (Win32Exception)
        {
            // The usual case: no such program, no GPU.
            return 0;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 310, Level = LogLevel.Warning,
            Message = "nvidia-smi does not answer; this worker offers no GPU. Set Cluster:GpusPerWorker to say how many there "
                + "are.")]
        public static partial void Silent(ILogger logger);
    }
}
