using System.Diagnostics;
using System.Globalization;

namespace Orleans.Cluster.Benchmarks;

/// <summary>Dask, as many processes as there are processors, where Python has it: the system that the product replaces.</summary>
internal static class DaskPeer
{
    private const string Script =
        """
        import resource, sys, time
        import dask, dask.dataframe as dd
        if __name__ == "__main__":
            began = time.perf_counter()
            with dask.config.set(scheduler="processes", num_workers=int(sys.argv[1])):
                path = sys.argv[2]
                rows = len(eval(sys.argv[3]).compute())
            spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
            print(time.perf_counter() - began, sum(each.ru_utime + each.ru_stime for each in spent), rows)
        """;

    /// <summary>Cases of the table by their names, each with what Dask computes.</summary>
    public static IReadOnlyDictionary<string, string> Cases { get; } = new Dictionary<string, string>
    {
        ["CSV, 100 groups"] = "dd.read_csv(path).groupby('id1')['v1'].sum()",
        ["CSV, 100,000 groups"] = "dd.read_csv(path).groupby('id3').agg({'v1': 'sum', 'v3': 'mean'})",
    };

    // The system's own has the system's packages, whichever comes first by name.
    private static readonly string[] Pythons = ["python3", "/usr/bin/python3"];

    /// <summary>A Python that has it, and its version; null where it is not installed.</summary>
    public static (string Python, string Version)? Find()
    {
        foreach (var python in Pythons)
        {
            var (exit, output) = Call(python, "-c", "import dask, dask.dataframe; print(dask.__version__)");
            if (exit == 0)
            {
                return (python, output.Trim());
            }
        }

        return null;
    }

    /// <summary>Computes once, in a process of its own; its start and its imports are not counted as time.</summary>
    public static (double Seconds, double ProcessorSeconds) Run(string python, string folder, string path, string expression)
    {
        var file = Path.Combine(folder, "peer.py");
        File.WriteAllText(file, Script);
        var (exit, output) = Call(python, file, $"{Environment.ProcessorCount}", path, expression);
        return exit == 0 && output.Split(' ') is [var seconds, var processor, _]
            ? (Number(seconds), Number(processor))
            : throw new InvalidOperationException($"Dask did not answer: {output}");
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static (int Exit, string Output) Call(string python, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, process.ExitCode == 0 ? output : errors.Result);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (-1, ""); // There is no Python.
        }
    }
}
