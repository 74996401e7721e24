using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Orleans.Cluster.SystemTests.EndToEnd;
using static Orleans.Cluster.SystemTests.Gateway.GatewayCluster;

namespace Orleans.Cluster.SystemTests.Gateway;

[Collection("gateway")]
public sealed class IdempotencyTests(GatewayCluster gateway)
{
    [Fact]
    public async Task Submit_ThousandAtOnceWithOneKey_OneJob()
    {
        var mark = Guid.NewGuid().ToString("N");

        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => SendAsync(mark)));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Accepted, answer.Status));
        Assert.Single(answers.Select(answer => answer.Id).Distinct());
        var list = await gateway.Http.GetFromJsonAsync<JsonElement>($"jobs/list?label.mark={mark}");
        Assert.Equal(1, list.GetProperty("items").GetArrayLength());
    }

    // The audit log is written between the commit of the job and the answer. A trigger that counts for minutes makes the gateway
    // stand there.
    [Fact]
    public async Task Submit_GatewayKilledBetweenCommitAndAnswer_TheRetryGetsTheSameJob()
    {
        await using var own = new GatewayCluster();
        await own.InitializeAsync();
        var mark = Guid.NewGuid().ToString("N");
        await ExecuteAsync(
            own,
            """
            CREATE VIEW endless AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) AS c FROM n;
            CREATE TRIGGER stand BEFORE INSERT ON audit_log WHEN NEW.action = 'job.submit' BEGIN SELECT c FROM endless; END;
            """);

        var first = own.SendAsync(HttpMethod.Post, "jobs/submit", Sums(new { mark }), ("Idempotency-Key", mark));
        string? stored = null;
        await EmbeddedCluster.Until(
            async () => (stored = await JobOfKeyAsync(own, mark)) is not null, TimeSpan.FromSeconds(30),
            () => first.Status.ToString());
        var answered = first.IsCompleted;
        await own.Cluster.KillAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => first);
        await ExecuteAsync(own, "DROP TRIGGER stand; DROP VIEW endless;");
        await own.Cluster.StartAsync();
        var (status, second) = await own.SendAsync(HttpMethod.Post, "jobs/submit", Sums(new { mark }), ("Idempotency-Key", mark));
        var list = await own.Http.GetFromJsonAsync<JsonElement>($"jobs/list?label.mark={mark}");

        Assert.False(answered);
        Assert.Equal((HttpStatusCode.Accepted, stored), (status, Id(second)));
        Assert.Equal(1, list.GetProperty("items").GetArrayLength());
        var end = await own.Cluster.WaitForEndAsync(stored!);
        Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED", end.ToString());
    }

    private static async Task<string?> JobOfKeyAsync(GatewayCluster gateway, string key)
    {
        await using var connection = await OpenAsync(gateway);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT job_id FROM idempotency_keys WHERE key = $key";
        command.Parameters.AddWithValue("$key", key);
        return (string?)await command.ExecuteScalarAsync();
    }

    private static async Task ExecuteAsync(GatewayCluster gateway, string sql)
    {
        await using var connection = await OpenAsync(gateway);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<SqliteConnection> OpenAsync(GatewayCluster gateway)
    {
        var connection = new SqliteConnection(
            $"Data Source={Path.Combine(gateway.Cluster.StateFolder, "cluster.db")};Pooling=false");
        await connection.OpenAsync();
        return connection;
    }

    private async Task<(HttpStatusCode Status, string? Id)> SendAsync(string mark)
    {
        var (status, body) = await gateway.SendAsync(
            HttpMethod.Post, "jobs/submit", Sums(new { mark }), ("Idempotency-Key", mark));
        return (status, status == HttpStatusCode.Accepted ? Id(body) : null);
    }
}
