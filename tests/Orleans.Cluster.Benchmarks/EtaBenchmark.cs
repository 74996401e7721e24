using System.Diagnostics;
using System.Globalization;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Benchmarks;

/// <summary>
/// Fifty jobs of different shapes, one after the other, each looked at ten times a second: whether its fraction ever goes back,
/// and how far the time left that it shows is from the time that it then takes. What is compared is |shown - real| / real, over
/// all looks from 20 % on at which at least half a second is left: a look at the last instant says nothing to anybody.
/// </summary>
internal static class EtaBenchmark
{
    private const double From = 0.2;
    private const double Least = 0.5;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public static async Task<int> Run(string[] args)
    {
        var rows = long.Parse(Options.Value(args, "--rows") ?? "10000000", CultureInfo.InvariantCulture);
        var only = Options.Value(args, "--only");
        var folder = Options.Folder(args);
        var data = EtaData.Write(folder, rows);
        await using var cluster = await ProductCluster.Start(folder);
        for (var job = 0; job < 60; job++)
        {
            await cluster.Run(data.Table.Tiny, "SELECT sum(a) AS a FROM source");
        }

        var shapes = EtaShapes.All(data).Where(shape => only is null
            || shape.Name.Contains(only, StringComparison.OrdinalIgnoreCase)).ToList();
        Console.WriteLine($"{shapes.Count} jobs over {rows} rows, {Environment.ProcessorCount} slots");
        Console.WriteLine("| job | seconds | looks | without | median error | shown too short |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        var all = new List<Course>();
        foreach (var shape in shapes)
        {
            var course = await Follow(cluster, shape.Job, args.Contains("--trace"));
            all.Add(course);
            var fault = (course.WentBack ? " WENT BACK" : "") + (course.Phase == JobPhase.Succeeded ? "" : " FAILED");
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {shape.Name} | {course.Seconds:0.0} | {course.Errors.Count} | {course.Without} | {Percent(course.Errors)} | "
                + $"{course.Short} |{fault}"));
        }

        var errors = all.SelectMany(course => course.Errors).ToList();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{errors.Count} looks: median error {Percent(errors)}; median of the jobs' medians "
            + $"{Percent([.. all.Where(course => course.Errors.Count > 0).Select(course => Median(course.Errors))])}; "
            + $"{all.Sum(course => course.Without)} looks without a time; within the high estimate "
            + $"{all.Sum(course => course.WithinHigh) / (double)Math.Max(1, errors.Count):0 %}; "
            + $"{all.Count(course => course.WentBack)} went back"));
        return all.Exists(course => course.WentBack || course.Phase != JobPhase.Succeeded) ? 1 : 0;
    }

    private static async Task<Course> Follow(ProductCluster cluster, JobSpec job, bool isTraced)
    {
        var id = (await cluster.Jobs.SubmitAsync(job)).Id;
        var looks = new List<(double At, double Fraction, JobEta? Eta)>();
        var trace = new List<string>();
        var clock = Stopwatch.StartNew();
        var before = 0.0;
        var wentBack = false;
        while (true)
        {
            var status = await cluster.Jobs.GetStatusAsync(id);
            if (status.Phase.IsTerminal())
            {
                var end = clock.Elapsed.TotalSeconds;
                for (var i = 0; isTraced && i < looks.Count; i += 5)
                {
                    Console.WriteLine(string.Create(
                        CultureInfo.InvariantCulture,
                        $"  {looks[i].At:0.0} s, {looks[i].Fraction:0.0 %}, {end - looks[i].At:0.0} s left, shown "
                        + $"{looks[i].Eta?.Seconds}, {trace[i]}"));
                }

                var counted = looks.Where(look => look.Fraction >= From && end - look.At >= Least).ToList();
                var shown = counted.Where(look => look.Eta is not null)
                    .Select(look => (Real: end - look.At, look.Eta!.Seconds, look.Eta.SecondsHigh)).ToList();
                return new Course(
                    status.Phase, end, [.. shown.Select(look => Math.Abs(look.Seconds - look.Real) / look.Real)],
                    counted.Count - shown.Count, shown.Count(look => look.Seconds < look.Real),
                    shown.Count(look => look.Real <= look.SecondsHigh), wentBack);
            }

            wentBack |= status.Progress.Fraction < before;
            before = status.Progress.Fraction;
            trace.Add(string.Join(' ', status.Progress.Stages.Select(stage => $"{stage.Completed}/{stage.Total}")));
            looks.Add((clock.Elapsed.TotalSeconds, before, status.Eta));
            await Task.Delay(Pause);
        }
    }

    private static string Percent(IReadOnlyCollection<double> values) =>
        values.Count == 0 ? "-" : Median(values).ToString("0 %", CultureInfo.InvariantCulture);

    private static double Median(IReadOnlyCollection<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>What was seen of one job.</summary>
    private sealed record Course(
        JobPhase Phase, double Seconds, IReadOnlyList<double> Errors, int Without, int Short, int WithinHigh, bool WentBack);
}
