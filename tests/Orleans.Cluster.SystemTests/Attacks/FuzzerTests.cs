using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text;

namespace Orleans.Cluster.SystemTests.Attacks;

/// <summary>
/// Queries and files that nobody would write. Each is answered or refused, within its bound, and Ann's job ends right afterwards.
/// </summary>
[Collection("attacked")]
public sealed class FuzzerTests(AttackedCluster attacked)
{
    private static readonly string[] Functions =
    [
        "repeat({0}, {1})", "range({1})", "generate_series({1})", "lpad({0}, {1}, 'x')", "list_transform(range({1}), x -> {0})",
        "array_resize([{0}], {1})",
        "string_split({0}, ',')", "regexp_replace({0}, '(a|b)*', 'x', 'g')", "from_json({0}, '[\"VARCHAR\"]')", "({0} || {0})",
        "md5({0})", "len({0}::VARCHAR)", "list_reduce([1, {1}], (x, y) -> x + y)",
        "bar({1}, 0, 10, {1})", "power({1}, {1})", "({1} << 40)", "CAST({0} AS DECIMAL(38, 10))", "unnest([{0}])",
        "map([{0}], [{1}])", "struct_pack(a := {0})", "date '2020-01-01' + INTERVAL ({1}) YEAR",
    ];

    private static readonly string[] Numbers =
        ["0", "-1", "7", "1000", "999999", "10000000", "9223372036854775807", "1e308", "NULL", "n"];

    [Fact]
    public Task Fuzz_AHandful_NothingIsLost() => Run(seed: 11, count: 40);

    [Fact, Trait("Category", "Long")]
    public Task Fuzz_Thousands_NothingIsLost() => Run(
        int.Parse(Environment.GetEnvironmentVariable("ORLEANS_CLUSTER_FUZZ_SEED") ?? "20261", CultureInfo.InvariantCulture),
        int.Parse(Environment.GetEnvironmentVariable("ORLEANS_CLUSTER_FUZZ_COUNT") ?? "3000", CultureInfo.InvariantCulture));

    private async Task Run(int seed, int count)
    {
        for (var n = 0; n < count; n++)
        {
            var random = new Random((seed * 100_003) + n);
            var (what, path, body) = random.Next(2) == 0 ? Query(random) : await FileAsync(random, n);
            using var response = await attacked.Eve.PostAsJsonAsync(path, body);
            var said = await response.Content.ReadAsStringAsync();
            Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.BadRequest
                or HttpStatusCode.UnprocessableEntity, $"{n} of seed {seed}: {what}: {(int)response.StatusCode} {said}");
        }

        await attacked.AnnsJobEndsRight();
    }

    private static (string What, string Path, object Body) Query(Random random)
    {
        var query = $"SELECT {Expression(random, random.Next(1, 6))} AS x FROM source"
            + $"{(random.Next(3) == 0 ? $" WHERE {Expression(random, 2)} IS NOT NULL" : "")}";
        return (query, "jobs/submit?validateOnly=true",
            new { operation = "sql", source = new { path = "data/genes.csv" }, parameters = new { query } });
    }

    private static string Expression(Random random, int depth) => depth == 0
        ? ((string[])["'a'", "'a,b'", "gene", "'{\"a\":1}'", $"'{new string('x', 2000)}'"])[random.Next(5)]
        : string.Format(
            CultureInfo.InvariantCulture, Functions[random.Next(Functions.Length)], Expression(random, depth - 1),
            Numbers[random.Next(Numbers.Length)]);

    private async Task<(string What, string Path, object Body)> FileAsync(Random random, int n)
    {
        var (format, name, bytes) = random.Next(6) switch
        {
            0 => ("CSV", "f.csv", Text(random, "a,b,c\n1,\"x\ny\",3\n")),
            1 => ("TSV", "f.tsv", Text(random, "a\tb\n1\t2\n")),
            2 => ("NDJSON", "f.ndjson", Text(random, "{\"a\":1,\"b\":[1,2]}\n")),
            3 => ("JSON", "f.json", Text(random, "[{\"a\":{\"b\":1}},")),
            4 => ("PARQUET", "f.parquet",
                [.. "PAR1"u8, .. Text(random, "\0\u0001abcdef"), .. BitConverter.GetBytes(random.Next(200)), .. "PAR1"u8]),
            _ => ("CSV", "f.csv.gz", Packed(Text(random, "a,b\n1,2\n"))),
        };
        for (var flips = random.Next(8); flips > 0 && bytes.Length > 0; flips--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        var path = $"data/fuzz-{n}-{name}";
        await File.WriteAllBytesAsync(attacked.At(path), random.Next(5) == 0 ? bytes[..random.Next(bytes.Length)] : bytes);
        return ($"{path} ({format})", "data/partition",
            new { source = new { path, format = random.Next(3) == 0 ? "AUTO" : format } });
    }

    // Much of the same, wide, deep or long.
    private static byte[] Text(Random random, string line) => Encoding.UTF8.GetBytes(random.Next(5) switch
    {
        0 => string.Concat(Enumerable.Repeat(line, random.Next(5000))),
        1 => string.Join(',', Enumerable.Range(0, random.Next(20_000)).Select(n => $"c{n}")) + "\n" + line,
        2 => new string('[', random.Next(50_000)) + line,
        3 => string.Concat(Enumerable.Repeat("{\"a\":", random.Next(20_000))) + "1" + line,
        _ => line + new string('x', random.Next(200_000)),
    });

    private static byte[] Packed(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }
}
