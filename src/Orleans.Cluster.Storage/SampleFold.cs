using System.Buffers;
using System.Text;
using System.Text.Json;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Storage;

/// <summary>
/// Joins stored samples into windows while they are read: sums in arrays, straight from the documents. A chart reads thousands of
/// them, and a dictionary for each would cost several times what reading them does.
/// </summary>
/// <param name="window">Length of the windows, which begin at whole multiples of it.</param>
internal sealed class SampleFold(TimeSpan window)
{
    private readonly List<byte[]> names = [];
    private readonly List<Sums> windows = [];

    /// <summary>When the last sample that was added ends; null before the first.</summary>
    public DateTimeOffset? End { get; private set; }

    /// <summary>Adds a sample; none may begin before the one that was added before it.</summary>
    public void Add(DateTimeOffset at, int seconds, string document)
    {
        var begin = Align(at, window);
        if (windows.Count == 0 || windows[^1].At != begin)
        {
            windows.Add(new Sums(begin, names.Count));
        }

        End = at.AddSeconds(seconds);
        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(document.Length));
        try
        {
            Add(windows[^1], bytes.AsSpan(0, Encoding.UTF8.GetBytes(document, bytes)), seconds);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>
    /// The windows that have samples, in order of time: each figure's mean, weighted by how long each sample stands.
    /// </summary>
    public IReadOnlyList<MetricsSample> ToSamples()
    {
        string[] texts = [.. names.Select(name => Encoding.UTF8.GetString(name))];
        return
        [
            .. windows.Select(sums => new MetricsSample(
                sums.At, window, Enumerable.Range(0, sums.Weights.Length).Where(figure => sums.Weights[figure] > 0)
                    .ToDictionary(figure => texts[figure], figure => sums.Values[figure] / sums.Weights[figure]))),
        ];
    }

    /// <summary>The window of that length that a time is in.</summary>
    public static DateTimeOffset Align(DateTimeOffset at, TimeSpan window) =>
        new(at.UtcTicks - (at.UtcTicks % window.Ticks), TimeSpan.Zero);

    private void Add(Sums sums, ReadOnlySpan<byte> document, int seconds)
    {
        var reader = new Utf8JsonReader(document);
        var expected = 0;
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            var figure = Find(reader, expected);
            expected = figure + 1;
            reader.Read();
            sums.Add(figure, reader.GetDouble(), seconds);
        }
    }

    // Samples name the same figures in the same order, but for those of another version.
    private int Find(Utf8JsonReader reader, int expected)
    {
        if (expected < names.Count && reader.ValueTextEquals(names[expected]))
        {
            return expected;
        }

        for (var figure = 0; figure < names.Count; figure++)
        {
            if (reader.ValueTextEquals(names[figure]))
            {
                return figure;
            }
        }

        names.Add(Encoding.UTF8.GetBytes(reader.GetString()!));
        return names.Count - 1;
    }

    private sealed class Sums(DateTimeOffset at, int figures)
    {
        private double[] values = new double[figures];
        private double[] weights = new double[figures];

        public DateTimeOffset At => at;

        public double[] Values => values;

        public double[] Weights => weights;

        public void Add(int figure, double value, double weight)
        {
            if (figure >= values.Length)
            {
                Array.Resize(ref values, Math.Max(figure + 1, values.Length * 2));
                Array.Resize(ref weights, values.Length);
            }

            values[figure] += value * weight;
            weights[figure] += weight;
        }
    }
}
