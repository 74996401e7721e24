using System.Globalization;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Benchmarks;

/// <summary>The files of the table's cases, made once from nothing but row numbers.</summary>
/// <param name="Csv">A table of the h2oai kind.</param>
/// <param name="Json">The same, a record a line.</param>
/// <param name="Parquet">The same.</param>
/// <param name="Keys">A tenth as many keys, each with one of a hundred groups.</param>
/// <param name="Tiny">Ten rows.</param>
/// <param name="Exchange">Four columns, in Parquet.</param>
/// <param name="Tpch">The tables of TPC-H, in Parquet.</param>
internal sealed record TableData(
    string Csv, string Json, string Parquet, string Keys, string Tiny, string Exchange,
    IReadOnlyDictionary<string, string> Tpch)
{
    public static TableData Write(string folder, long rows)
    {
        var csv = GroupByBenchmark.Write(folder, rows);
        var data = new TableData(
            csv, Path.ChangeExtension(csv, ".ndjson"), Path.ChangeExtension(csv, ".parquet"), Path.Combine(folder, "keys.csv"),
            Path.Combine(folder, "tiny.csv"),
            Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"exchange-{rows}.parquet")),
            TpchData.Write(folder));
        Once(data.Json,
            path => Peer.Row($"COPY (FROM {SqlText.Literal(data.Parquet)}) TO {SqlText.Literal(path)} (FORMAT json)", folder));
        Once(data.Keys, path => Peer.Row(
            $"COPY (SELECT i + 1 AS id6, CAST(hash(i) % 100 AS INTEGER) AS g FROM range(100000) r(i)) TO {SqlText.Literal(path)} "
            + "(HEADER true)", folder));
        Once(data.Tiny,
            path => File.WriteAllLines(
                path, ["a,b", .. Enumerable.Range(0, 10).Select(i => string.Create(CultureInfo.InvariantCulture, $"{i},x{i}"))]));
        Once(data.Exchange, path => ExchangeCase.Write(path, rows, folder));
        return data;
    }

    private static void Once(string path, Action<string> write)
    {
        if (!File.Exists(path))
        {
            write(path);
        }
    }
}
