using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine;
using Orleans.Cluster.Engine.Execution;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Queries;

/// <summary>
/// Texts that try to read, write or change what is not theirs, or that would answer differently in each run. The planner refuses
/// each by name, before anything runs; and should one ever pass, the executor's sandbox has nothing for it.
/// </summary>
public sealed class HostileSqlTests : IDisposable
{
    private readonly EngineHarness harness = new();

    /// <summary>A query, and what the refusal names.</summary>
    public static TheoryData<string, string> Queries { get; } = new()
    {
        // Files and addresses.
        { "SELECT * FROM read_csv('/etc/passwd')", "read_csv" },
        { "SELECT * FROM read_csv_auto('/etc/passwd', sep=':')", "read_csv_auto" },
        { "SELECT * FROM read_text('/etc/passwd')", "read_text" },
        { "SELECT * FROM read_blob('/etc/*')", "read_blob" },
        { "SELECT * FROM read_parquet('s3://bucket/key')", "read_parquet" },
        { "SELECT * FROM read_json('http://127.0.0.1:8001/api/processing/health')", "read_json" },
        { "SELECT * FROM parquet_scan('x.parquet')", "parquet_scan" },
        { "SELECT * FROM parquet_metadata('x.parquet')", "parquet_metadata" },
        { "SELECT * FROM sniff_csv('/etc/passwd')", "sniff_csv" },
        { "SELECT * FROM glob('/**')", "glob" },
        { "SELECT * FROM '/etc/passwd'", "/etc/passwd" },
        { "SELECT * FROM \"/etc/passwd\"", "/etc/passwd" },
        { "SELECT * FROM 'https://example.org/a.parquet'", "https://example.org/a.parquet" },
        { "SELECT * FROM source JOIN '../other.csv' o ON true", "../other.csv" },
        { "SELECT * FROM (WITH \"/etc/passwd\" AS (SELECT 1) SELECT 1), \"/etc/passwd\"", "/etc/passwd" },
        { "SELECT x FROM source WHERE x IN (SELECT length(content) FROM read_text('/etc/passwd'))", "read_text" },
        { "SELECT (SELECT content FROM read_text('/etc/hostname'))", "read_text" },
        { "WITH t AS (FROM read_blob('/etc/shadow')) SELECT * FROM t", "read_blob" },
        { "FROM query('SELECT 1')", "query" },
        { "FROM query_table('/etc/passwd')", "query_table" },
        { "SELECT * FROM arrow_scan(0, 0, 0)", "arrow_scan" },

        // Other statements, alone and behind a SELECT.
        { "COPY source TO '/tmp/stolen.csv'", "COPY" },
        { "COPY (SELECT 1) TO '/tmp/stolen.csv'", "COPY" },
        { "EXPORT DATABASE '/tmp/stolen'", "EXPORT" },
        { "IMPORT DATABASE '/tmp/stolen'", "IMPORT" },
        { "ATTACH '/tmp/other.db' AS other", "ATTACH" },
        { "INSTALL httpfs", "INSTALL" },
        { "LOAD '/tmp/evil.duckdb_extension'", "LOAD" },
        { "PRAGMA database_list", "PRAGMA" },
        { "SET enable_external_access = true", "SET" },
        { "RESET lock_configuration", "RESET" },
        { "CREATE TABLE t AS SELECT 1", "CREATE" },
        { "CREATE MACRO f() AS 1", "CREATE" },
        { "DROP TABLE source", "DROP" },
        { "DELETE FROM source", "DELETE" },
        { "INSERT INTO source VALUES (1)", "INSERT" },
        { "UPDATE source SET x = 1", "UPDATE" },
        { "CALL duckdb_settings()", "CALL" },
        { "EXPLAIN ANALYZE SELECT 1", "EXPLAIN" },
        { "CHECKPOINT", "CHECKPOINT" },
        { "VACUUM", "VACUUM" },
        { "/* SELECT */ -- SELECT\n  COPY source TO '/tmp/stolen.csv'", "COPY" },
        { "SELECT 1; SELECT 2", "2 statements" },
        { "SELECT 1; COPY source TO '/tmp/stolen.csv'", "COPY" },
        { "SELECT 1) TO '/tmp/stolen.csv'; --", ")" },
        { "", "SELECT" },

        // Settings, the catalog, the process.
        { "SELECT getenv('HOME')", "getenv" },
        { "SELECT current_setting('allowed_directories')", "current_setting" },
        { "SELECT getvariable('x')", "getvariable" },
        { "SELECT * FROM duckdb_settings()", "duckdb_settings" },
        { "SELECT * FROM duckdb_secrets()", "duckdb_secrets" },
        { "SELECT * FROM information_schema.tables", "information_schema.tables" },
        { "SELECT * FROM duckdb_tables", "duckdb_tables" },
        { "SELECT * FROM sqlite_master", "sqlite_master" },
        { "SELECT * FROM pragma_version()", "pragma_version" },
        { "SELECT version()", "version" },
        { "SELECT current_user", "current_user" },
        { "SELECT nextval('s')", "nextval" },
        { "SELECT system.main.getenv('HOME')", "getenv" },
        { "SELECT * FROM (SHOW ALL TABLES)", "SELECT" },
        { "SELECT * FROM (DESCRIBE source)", "SELECT" },
        { "SELECT $1", "parameters" },
        { "SELECT __partition()", "__partition" },

        // Another answer in each run.
        { "SELECT random() FROM source", "random" },
        { "SELECT x FROM source ORDER BY RANDOM()", "random" },
        { "SELECT setseed(0.5)", "setseed" },
        { "SELECT uuid()", "uuid" },
        { "SELECT gen_random_uuid()", "gen_random_uuid" },
        { "SELECT uuidv7()", "uuidv7" },
        { "SELECT now()", "now" },
        { "SELECT today()", "today" },
        { "SELECT current_timestamp", "current_timestamp" },
        { "SELECT current_date - DATE '2024-01-01'", "current_date" },
        { "SELECT CURRENT_TIME", "current_time" },
        { "SELECT localtimestamp", "localtimestamp" },
        { "SELECT transaction_timestamp()", "transaction_timestamp" },
        { "SELECT age(TIMESTAMP '2024-01-01')", "age" },
        { "SELECT list_aggregate([x], 'reservoir_quantile', 0.5) FROM source", "reservoir_quantile" },
        { "SELECT reservoir_quantile(x, 0.5) FROM source", "reservoir_quantile" },
        { "SELECT * FROM source USING SAMPLE 10 ROWS", "sample" },
        { "SELECT * FROM source TABLESAMPLE 10%", "sample" },

        // Bombs.
        { "SELECT from_json('{}', repeat('{\"a\":', 200000) || '1' || repeat('}', 200000))", "from_json" },
        { $"SELECT from_json('{{}}', '{string.Concat(Enumerable.Repeat("{\"a\":", 500))}1{new string('}', 500)}')",
            "500 levels" },
        { $"SELECT json_transform(s, '{new string(' ', 70_000)}') FROM source", "70000 characters" },
        { "SELECT json_transform_strict(s, s) FROM source", "json_transform_strict" },
        { "SELECT len(range(10000000))", "range" },
        { "SELECT len(range(-5000000, 5000000))", "range" },
        { "SELECT x FROM source WHERE x < len(generate_series(1, 1000 * 1000 * 1000))", "generate_series" },
        { "SELECT unnest(range(0, CAST(100000000 AS BIGINT), 2))", "range" },
        { "SELECT repeat('ab', 1000000)", "repeat" },
        { "SELECT repeat(repeat(repeat('x', 1000), 1000), 1000)", "repeat" },
        { "SELECT lpad('x', 2000000, ' ')", "lpad" },
        { "SELECT list_resize([x], 1 << 30) FROM source", "list_resize" },
        { "SELECT list_resize([repeat('x', 1000)], 100000, repeat('x', 1000))", "list_resize" },
        { $"SELECT {new string('(', 20_000)}1{new string(')', 20_000)}", "" },
        { $"SELECT {string.Join(" + ", Enumerable.Repeat("1", 20_000))}", "" },
        { $"SELECT {string.Concat(Enumerable.Repeat("NOT ", 20_000))}true", "" },
        { string.Concat(Enumerable.Repeat("SELECT * FROM (", 2_000)) + "SELECT 1" + new string(')', 2_000), "" },
    };

    public void Dispose() => harness.Dispose();

    [Theory]
    [MemberData(nameof(Queries))]
    public async Task Plan_HostileQuery_IsRefusedByNameAndPlace(string query, string named)
    {
        var refusal = await Refused(OperationKind.Sql, new { query });

        Assert.Equal(Contracts.ProblemCode.QueryInvalid, refusal.Code);
        var fault = Assert.Single(refusal.Problem.Errors!);
        Assert.Equal("/parameters/query", fault.Pointer);
        Assert.Contains(named, fault.Detail, StringComparison.OrdinalIgnoreCase);
    }

    // A column of the data, or one that the query names, is a column whatever it is called.
    [Theory]
    [InlineData("SELECT user, count(*) AS n FROM source GROUP BY user")]
    [InlineData("SELECT current_date FROM (SELECT x AS current_date FROM source)")]
    [InlineData("SELECT t.localtime FROM source t(localtime, s)")]
    [InlineData("SELECT len(range(1000000)) AS n, len(range(x)) AS m, len(range(x, x + 10)) AS k, repeat(user, 1000) AS r FROM "
        + "source")]
    [InlineData("SELECT unnest(generate_series(DATE '2020-01-01', DATE '2024-01-01', INTERVAL 1 DAY)) AS d FROM source")]
    [InlineData("SELECT from_json(concat('[', user, ']'), '[\"VARCHAR\"]') AS j FROM source")]
    [InlineData("SELECT list_aggregate([x, 1], 'sum') AS total, age(TIMESTAMP '2024-01-02', TIMESTAMP '2024-01-01') AS a FROM "
        + "source")]
    public async Task Plan_HarmlessQuery_IsPlanned(string query)
    {
        var path = harness.Write("source.csv", "x,user\n1,a\n2,b\n");
        var spec = new JobSpec
        {
            Operation = OperationKind.Sql, Source = new SourceSpec { Path = [path] },
            Parameters = JsonSerializer.SerializeToElement(new { query }),
        };

        Assert.NotEmpty((await harness.Plan(spec)).Stages);
    }

    [Fact]
    public async Task Plan_QueryOfVeryManyParts_IsRefused()
    {
        var refusal = await Refused(
            OperationKind.Sql,
            new { query = $"SELECT x FROM source WHERE x IN ({string.Join(",", Enumerable.Range(0, 90_000))})" });

        Assert.Equal(Contracts.ProblemCode.QueryInvalid, refusal.Code);
        Assert.Contains("too many parts", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_HostileCall_IsQuotedFromTheText()
    {
        var refusal = await Refused(OperationKind.Sql, new { query = "SELECT 'é',\n  getenv('HOME') FROM source" });

        Assert.EndsWith("It is at: getenv('HOME') FROM source", refusal.Problem.Errors![0].Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("getenv('HOME') IS NULL", "getenv")]
    [InlineData("random() < 0.5", "random")]
    [InlineData("x < epoch(now())", "now")]
    [InlineData("current_date > DATE '2024-01-01'", "current_date")]
    [InlineData("x IN (SELECT 1)", "Subqueries")]
    [InlineData("EXISTS (FROM read_text('/etc/passwd'))", "read_text")]
    [InlineData("true; COPY source TO '/tmp/stolen.csv'", "COPY")]
    [InlineData("true) FROM source; --", ")")]
    [InlineData("true FROM '/etc/passwd'", "not one expression")]
    [InlineData("true UNION SELECT 1", "not one expression")]
    public async Task Plan_HostileCondition_IsRefusedByNameAndPlace(string where, string named)
    {
        foreach (var (operation, parameters, pointer) in new (OperationKind, object, string)[]
        {
            (OperationKind.Filter, new { where }, "/parameters/where"),
            (OperationKind.Aggregate, new { where }, "/parameters/where"),
            (OperationKind.Select, new { columns = new[] { new { expression = where } } }, "/parameters/columns/0/expression"),
        })
        {
            var refusal = await Refused(operation, parameters);

            Assert.Equal(Contracts.ProblemCode.QueryInvalid, refusal.Code);
            Assert.Contains(refusal.Problem.Errors!, fault => fault.Pointer == pointer
                && fault.Detail.Contains(named, StringComparison.OrdinalIgnoreCase));
        }
    }

    // These never reach an executor. Its instance is closed all the same.
    [Theory]
    [InlineData("SELECT * FROM read_text('/etc/passwd')")]
    [InlineData("SELECT * FROM '/etc/passwd'")]
    [InlineData("SELECT * FROM read_csv('/proc/self/environ')")]
    [InlineData("SELECT * FROM glob('/etc/*')")]
    [InlineData("SELECT * FROM read_json('http://127.0.0.1:1/x')")]
    [InlineData("SELECT 1) TO '{0}/stolen.csv'; --")]
    [InlineData("SELECT 1; COPY (SELECT 1) TO '{0}/stolen.csv'")]
    [InlineData("SELECT 1; SET enable_external_access = true")]
    [InlineData("SELECT 1; ATTACH '{0}/stolen.csv'")]
    [InlineData("SELECT 1; INSTALL httpfs")]
    public async Task Run_HostileTask_FindsNothing(string query)
    {
        using var executor = new LocalExecutor();
        var outcome = await executor.RunAsync(
            new TaskSpec
            {
                Attempt = new AttemptId(new TaskId(JobId.New(), 0, 0), 1),
                Query = query.Replace("{0}", harness.Folder, StringComparison.Ordinal),
                Inputs = [],
                Output = new TaskOutput { Kind = OutputKind.Single },
                AttemptFolder = Path.Combine(harness.Folder, "attempt"),
                ScratchFolder = Path.Combine(harness.Folder, "scratch"),
                MemoryBytes = 1L << 30,
            },
            null, CancellationToken.None);

        Assert.NotNull(outcome.Failure);
        Assert.False(File.Exists(Path.Combine(harness.Folder, "stolen.csv")));
    }

    private async Task<ClusterException> Refused(OperationKind operation, object parameters)
    {
        var path = harness.Write("source.csv", "x,s\n1,a\n2,b\n");
        var spec = new JobSpec
        {
            Operation = operation,
            Source = new SourceSpec { Path = [path] },
            Parameters = JsonSerializer.SerializeToElement(parameters),
        };
        return await Assert.ThrowsAsync<ClusterException>(() => harness.Plan(spec));
    }
}
