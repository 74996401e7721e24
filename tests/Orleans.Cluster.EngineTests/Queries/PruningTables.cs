using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Queries;

/// <summary>
/// Generated Parquet files of one dataset, and the same rows in a table that no statistics lead by. The footers say what writers
/// may say: bounds of texts cut short, no bounds, no numbers of NULLs, bounds that are NaN, zeros of either sign, or bounds that
/// leave NaN out.
/// </summary>
internal sealed class PruningTables : IDisposable
{
    public const int GroupRows = 2048;
    public const int Groups = 4;
    public const int Files = 3;

    private const string Columns = "i, n, d, f, m, w, t, day, ts, tz";
    private readonly EngineHarness harness;
    private readonly DuckDBConnection rows = new("DataSource=:memory:");
    private readonly Random random;

    public PruningTables(EngineHarness harness, int seed)
    {
        (this.harness, random) = (harness, new Random(seed));
        rows.Open();
        Execute("SET threads = 1");
        Execute("SET TimeZone = 'UTC'");
        Execute(
            "CREATE MACRO gaps(h, g, v) AS CASE g % 5 WHEN 0 THEN NULL WHEN 1 THEN CASE WHEN h % 7 = 0 THEN NULL ELSE v END ELSE "
            + "v END");
        Execute(string.Create(CultureInfo.InvariantCulture, $$"""
            CREATE TABLE data AS
            WITH r AS (
                SELECT file, rn, file * {{Groups}} + rn // {{GroupRows}} AS g, hash(file, rn, {{seed}}) AS h, hash(file, rn // {{GroupRows}}, {{seed}}) AS x
                FROM range({{Files}}) AS files(file), range({{Groups * GroupRows}}) AS numbers(rn))
            SELECT file, rn,
                gaps(h // 3, x // 3, g * 10 - 20 + h % 13) AS i,
                CASE WHEN file <> 1 THEN gaps(h // 5, x // 5, g * 100 + h % 90) END AS n,
                gaps(h // 7, x // 7, CASE x // 11 % 5
                    WHEN 0 THEN CASE WHEN h % 50 = 0 THEN CAST('nan' AS DOUBLE) ELSE g - 6 + h % 9 / 4 END
                    WHEN 1 THEN CASE WHEN h % 2 = 0 THEN CAST('-0.0' AS DOUBLE) ELSE CAST(0 AS DOUBLE) END
                    WHEN 2 THEN CASE WHEN h % 40 = 0 THEN CAST('inf' AS DOUBLE) WHEN h % 40 = 1 THEN CAST('-inf' AS DOUBLE) ELSE g - 6 + h % 9 / 4 END
                    ELSE g - 6 + h % 9 / 4 END) AS d,
                gaps(h // 9, x // 9, CAST(CASE WHEN x // 13 % 3 = 0 AND h % 60 = 0 THEN CAST('nan' AS DOUBLE) ELSE (g - 6 + h % 9) / 3 END AS FLOAT)) AS f,
                gaps(h // 11, x // 15, CAST((g - 6) * 1.5 + h % 40 / 100 AS DECIMAL(9, 2))) AS m,
                gaps(h // 13, x // 17, CAST(CAST(g - 6 AS VARCHAR) || '00000000000000000000.' || CAST(h % 7 AS VARCHAR) AS DECIMAL(30, 4))) AS w,
                gaps(h // 15, x // 19, ['', '"', 'B', 'Ba', 'a', 'a\xE9', 'abcdefghij' || repeat('k', 40), 'abcdefghij' || repeat('l', 40), repeat('z', 300),
                    'é', 'éclair', '\\', chr(65533), chr(119070), chr(119070) || 'x'][CAST(1 + (g + h % 3) % 15 AS BIGINT)]) AS t,
                gaps(h // 17, x // 21, DATE '2024-01-01' + CAST(g * 20 + h % 25 AS INTEGER)) AS day,
                gaps(h // 19, x // 23, TIMESTAMP '2024-03-30 20:00:00' + to_hours(CAST(g * 5 + h % 7 AS INTEGER)) + to_microseconds(CAST(h % 3 AS BIGINT))) AS ts,
                gaps(h // 21, x // 25, CAST(TIMESTAMP '2024-03-30 20:00:00' + to_hours(CAST(g * 5 + h % 7 AS INTEGER)) AS TIMESTAMPTZ)) AS tz
            FROM r ORDER BY file, rn
            """));
        Execute("ALTER TABLE data ALTER n TYPE BIGINT");
        Execute("ALTER TABLE data ALTER i TYPE BIGINT");
        Paths = [.. Enumerable.Range(0, Files).Select(Write)];
    }

    public IReadOnlyList<string> Paths { get; }

    public SourceSpec Source => new()
    {
        Path = [.. Paths], Format = SourceFormat.Parquet, Options = new SourceOptions { Union = FileUnion.Widen },
    };

    /// <summary>Rows that meet a condition and that partitions do not read, and row groups that hold rows that meet it.</summary>
    /// <exception cref="DuckDBException">The condition cannot be computed.</exception>
    public (long Lost, long Matching) Check(string condition, IReadOnlyList<DataPartition> partitions)
    {
        var read = partitions.SelectMany(partition => partition.Slices).Select(slice => string.Create(
            CultureInfo.InvariantCulture,
            $"(file = {Paths.ToList().IndexOf(slice.File.Stamp.Path)} AND rn >= {slice.Start} AND rn < {slice.End})"));
        return (
            Number($"SELECT count(*) FROM data WHERE ({condition}) AND NOT ({string.Join(" OR ", read.Append("false"))})"),
            Number($"SELECT count(DISTINCT (file, rn // {GroupRows})) FROM data WHERE {condition}"));
    }

    public void Dispose() => rows.Dispose();

    private string Write(int file)
    {
        var path = Path.Combine(harness.Folder, string.Create(CultureInfo.InvariantCulture, $"{file}.parquet"));
        // One file has narrower numbers, and one has no such column.
        var n = file switch { 0 => " CAST(n AS INTEGER) AS n,", 1 => "", _ => " n," };
        var columns = Columns.Replace(" n,", n, StringComparison.Ordinal);
        Execute(
            $"COPY (SELECT {columns} FROM data WHERE file = {file} ORDER BY rn) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE "
            + $"{GroupRows})");
        ThriftFooter.Change(path, footer =>
        {
            foreach (var (group, number) in footer.List(4).Cast<ThriftStruct>().Select((group, number) => (group, number)))
            {
                foreach (var column in group.List(1).Cast<ThriftStruct>().Select(chunk => chunk.Struct(3)))
                {
                    Change(file, number, Encoding.UTF8.GetString((byte[])column.List(3)[0]), column.Struct(12));
                }
            }
        });
        return path;
    }

    // Fields of statistics: 3 number of NULLs, 5 and 6 greatest and least value, 7 and 8 whether they are values.
    private void Change(int file, int group, string column, ThriftStruct statistics)
    {
        switch (random.Next(8))
        {
            case 0:
                statistics.SetBinary(3, null);
                break;
            case 1:
                statistics.SetBinary(random.Next(5, 7), null);
                break;
            case 2:
                statistics.SetBinary(5, null);
                statistics.SetBinary(6, null);
                break;
        }

        switch (column)
        {
            case "t":
                CutShort(statistics);
                break;
            case "d" when random.Next(4) == 0:
                // Bounds of a writer that takes a NaN for a value like others.
                statistics.SetBinary(random.Next(5, 7), Bytes(double.NaN));
                break;
            case "d" when Bound(file, group, "min") is { } least && Bound(file, group, "max") is { } greatest:
                statistics.SetBinary(6, Bytes(least == 0 ? 0.0 : least));
                statistics.SetBinary(5, Bytes(greatest == 0 ? -0.0 : greatest));
                break;
        }
    }

    private static byte[] Bytes(double value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        return bytes;
    }

    private double? Bound(int file, int group, string function) => Scalar(string.Create(
        CultureInfo.InvariantCulture,
        $"SELECT {function}(d) FROM data WHERE file = {file} AND rn // {GroupRows} = {group} AND NOT isnan(d)")) as double?;

    // A least value may be any prefix of it; of a greatest value the last byte of a prefix is one more, be that text or not.
    private void CutShort(ThriftStruct statistics)
    {
        var bytes = random.Next(1, 6);
        if (statistics.Binary(6) is { } least && least.Length > bytes)
        {
            statistics.SetBinary(6, least[..bytes]);
            statistics.SetFlag(8, false);
        }

        if (statistics.Binary(5) is { } greatest && greatest.Length > bytes && greatest[bytes - 1] < 255)
        {
            var cut = greatest[..bytes];
            cut[^1]++;
            statistics.SetBinary(5, cut);
            statistics.SetFlag(7, false);
        }
    }

    private void Execute(string sql)
    {
        using var command = rows.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private long Number(string sql) => Convert.ToInt64(Scalar(sql), CultureInfo.InvariantCulture);

    private object? Scalar(string sql)
    {
        using var command = rows.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
