using System.Globalization;
using System.Text.Json;
using Orleans.Cluster.Cli.Terminal;
using Spectre.Console;

namespace Orleans.Cluster.Cli.Following;

/// <summary>Health and figures as people read them; both are documents that may grow, so they are read by name.</summary>
internal static class FigureViews
{
    public static void WriteHealth(CliConsole console, JsonElement health)
    {
        console.Prose.WriteLine($"{Text(health, "status")}, version {Text(health, "version")}");
        foreach (var part in health.EnumerateObject().Where(part => part.Value.ValueKind == JsonValueKind.Object))
        {
            console.Prose.WriteLine($"{part.Name,-11} {Text(part.Value, "state"),-5} {Text(part.Value, "detail")}".TrimEnd(), 18);
        }
    }

    /// <summary>One line for each figure: now, and least, mean and most over the span.</summary>
    public static void WriteMetrics(CliConsole console, JsonElement metrics)
    {
        var samples = metrics.GetProperty("samples").EnumerateArray().Select(Figures).ToList();
        var current = metrics.GetProperty("current") is { ValueKind: JsonValueKind.Object } now ? Figures(now) : [];
        var table = JobViews.Table(new("Figure", IsWhole: true), "Now", "Least", "Mean", "Most");
        foreach (var name in samples.Append(current).SelectMany(figures => figures.Keys).Distinct().Order(StringComparer.Ordinal))
        {
            var seen = samples.Where(figures => figures.ContainsKey(name))
                .Select(figures => figures[name]).DefaultIfEmpty(double.NaN).ToList();
            table.AddRow(JobViews.Cells(
                name, current.TryGetValue(name, out var value)
                ? Number(value)
                : "", Number(seen.Min()), Number(seen.Average()), Number(seen.Max())));
        }

        console.Out.Write(table);
        console.NotesText.WriteLine(
            $"{samples.Count} windows of {metrics.GetProperty("stepSeconds").GetDouble().ToString(CultureInfo.InvariantCulture)} "
            + "s since "
            + $"{JobViews.Time(metrics.GetProperty("since").GetDateTimeOffset())}; --json has them all.");
    }

    private static Dictionary<string, double> Figures(JsonElement window) =>
        window.GetProperty("figures").EnumerateObject().Where(figure => figure.Value.ValueKind == JsonValueKind.Number)
            .ToDictionary(figure => figure.Name, figure => figure.Value.GetDouble());

    private static string Text(JsonElement part, string name) =>
        part.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static string Number(double value) =>
        double.IsNaN(value) ? "" : value.ToString("#,0.###", CultureInfo.InvariantCulture);
}
