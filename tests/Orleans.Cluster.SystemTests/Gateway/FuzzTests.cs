using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orleans.Cluster.SystemTests.Gateway;

/// <summary>Whatever is sent, the answer is a right one or a refusal with its code, and it tells nothing of the inside.</summary>
[Collection("gateway")]
public sealed class FuzzTests(GatewayCluster gateway)
{
    private const string Template =
        """
        {"name":"n","operation":"aggregate","priority":"LOW","source":{"path":["genes.csv"],"format":"CSV","options":{"delimiter":",","header":true,"quote":"\"","nullValues":["NA"],"columns":{"n":"BIGINT"}}},
         "parameters":{"groupBy":["gene"],"aggregates":[{"function":"sum","column":"n","as":"t"}],"where":"n > 0","having":"t > 1","orderBy":[{"column":"t","descending":true}],"limit":10},
         "output":{"path":"fuzz","format":"CSV","mode":"OVERWRITE","partitionBy":["gene"]},"partitioning":{"targetBytes":4096},
         "resources":{"cpu":1,"memoryBytes":268435456,"gpu":0},"retry":{"maxAttempts":2,"initialBackoffMs":1,"maxBackoffMs":10,"multiplier":2.0},
         "onBadRow":"FAIL","gang":false,"timeoutSeconds":5,"dependsOn":[],"callback":{"url":"http://127.0.0.1:9/","secret":"s"},"labels":{"a":"b"}}
        """;

    private static readonly string[] Words =
    [
        "", " ", "\0", "\u202e", "\ud83d\ude00", "' OR 1=1 --", "\"; DROP TABLE x; --", "../../etc/passwd", "/proc/self/environ",
        "file:///etc/passwd", "\\\\host\\share",
        "%00", "%2e%2e%2f", "NaN", "1e999", "-1", "9223372036854775808", "null", "true", "*", "**/**", "{a,b}", "[", "(",
        "s3://bucket/x", "genes.csv\n", "CON",
        "{{7*7}}", "${jndi:ldap://x}", "<script>alert(1)</script>", "select", "read_csv('/etc/passwd')", "n", "gene", "count(*)",
        "aggregate", "sql", "SUM", "HIGH",
    ];

    private static readonly string[] Paths =
    [
        "jobs/submit", "jobs/submit?validateOnly=true", "data/partition", "jobs/list", "jobs/{id}/status", "jobs/{id}/result",
        "jobs/{id}/partitions", "jobs/{id}/plan",
        "jobs/{id}/cancel", "jobs/{id}/retry", "jobs/{id}", "queue/status", "cluster/status", "cluster/scale", "keys", "audit",
        "health", "jobs/{id}/logs",
    ];

    private static readonly string[] Inside =
        ["   at ", "Exception", "System.", "/home/", ".cs:line", "Microsoft.", "SqlState", "SQLite", "stack"];

    [Fact]
    public Task Requests_SomeHundreds_NoneFailsTheGateway() => Run(seed: 7, count: 400);

    [Fact, Trait("Category", "Long")]
    public Task Requests_TenThousand_NoneFailsTheGateway() => Run(seed: 20_26, count: 10_000);

    private async Task Run(int seed, int count)
    {
        var id = await gateway.SucceededAsync(GatewayCluster.Sums());
        using var http = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 })
        {
            BaseAddress = gateway.Http.BaseAddress,
        };
        for (var n = 0; n < count; n++)
        {
            var random = new Random((seed * 100_003) + n);
            using var request = Create(random, id);
            var sent = $"request {n} of seed {seed}: {request.Method} {request.RequestUri} "
                + $"{(request.Content is null ? "" : await request.Content.ReadAsStringAsync())}";
            using var response = await http.SendAsync(request);
            var body = await response.Content.ReadAsStringAsync();
            Assert.True((int)response.StatusCode < 500, $"{(int)response.StatusCode} for {sent}: {body}");
            if ((int)response.StatusCode >= 400)
            {
                Check(response, body, sent);
            }
        }

        using var alive = await gateway.Http.GetAsync("health/live");
        Assert.Equal(HttpStatusCode.NoContent, alive.StatusCode);
    }

    private void Check(HttpResponseMessage response, string body, string sent)
    {
        if (response.StatusCode == HttpStatusCode.BadRequest && body.Length == 0)
        {
            return; // Not HTTP, such as a NUL in the path: the server refuses it before the gateway sees it.
        }

        Assert.True(response.Content.Headers.ContentType?.MediaType == "application/problem+json",
            $"{sent}: {(int)response.StatusCode} {response.Content.Headers.ContentType} {body}");
        var problem = JsonDocument.Parse(body).RootElement;
        Assert.Equal((int)response.StatusCode, problem.GetProperty("status").GetInt32());
        var text = $"{problem.GetProperty("detail").GetString()} {problem.GetProperty("title").GetString()}";
        Assert.True(!Array.Exists(Inside, inside => text.Contains(inside, StringComparison.Ordinal)), $"{sent}: {body}");
        Assert.True(!body.Contains(gateway.Cluster.Folder, StringComparison.Ordinal), $"{sent} tells a folder: {body}");
    }

    private static HttpRequestMessage Create(Random random, string id)
    {
        var path = Paths[random.Next(Paths.Length)]
            .Replace("{id}", random.Next(4) == 0 ? Uri.EscapeDataString(Word(random)) : id, StringComparison.Ordinal);
        if (random.Next(3) == 0)
        {
            path += $"{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{Uri.EscapeDataString(Name(random))}="
                + $"{Uri.EscapeDataString(Word(random))}";
        }

        // Scaling, cancelling and removing would change the cluster under the other tests.
        var isChange = path.Contains("submit", StringComparison.Ordinal) || path.StartsWith("data", StringComparison.Ordinal);
        var method = isChange ? HttpMethod.Post : random.Next(6) == 0 ? HttpMethod.Put : HttpMethod.Get;
        var request = new HttpRequestMessage(method, path);
        if (isChange)
        {
            request.Content = new ByteArrayContent(Body(random));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", random.Next(20) == 0
                ? Word(random)
                : "application/json");
        }

        if (random.Next(4) == 0)
        {
            var name = ((string[])["Idempotency-Key", "Prefer", "If-None-Match", "Accept", "Last-Event-ID",
                "X-Other"])[random.Next(6)];
            request.Headers.TryAddWithoutValidation(name, name == "Prefer"
                ? "wait=0"
                : Word(random).ReplaceLineEndings(" ").Replace('\0', ' '));
        }

        return request;
    }

    private static byte[] Body(Random random)
    {
        var node = JsonNode.Parse(Template)!;
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            Mutate(node, random);
        }

        var bytes = Encoding.UTF8.GetBytes(node.ToJsonString());
        for (var flips = random.Next(5) == 0 ? random.Next(1, 6) : 0; flips > 0; flips--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return random.Next(30) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
    }

    private static void Mutate(JsonNode node, Random random)
    {
        while (true)
        {
            var children = node switch { JsonObject o => o.Select(pair => pair.Value).ToList(), JsonArray a => [.. a], _ => [] };
            if (children.Count > 0 && random.Next(3) > 0 && children[random.Next(children.Count)] is { } child
                && child is JsonObject or JsonArray)
            {
                node = child;
                continue;
            }

            switch (node)
            {
                case JsonObject fields when fields.Count > 0 && random.Next(4) > 0:
                    fields[fields.ElementAt(random.Next(fields.Count)).Key] = Value(random);
                    return;
                case JsonObject fields:
                    fields[Name(random)] = Value(random);
                    return;
                case JsonArray items:
                    items.Add(Value(random));
                    return;
                default:
                    return;
            }
        }
    }

    private static JsonNode? Value(Random random) => random.Next(10) switch
    {
        0 => null,
        1 => JsonValue.Create(random.Next() - (int.MaxValue / 2)),
        2 => JsonValue.Create(random.NextDouble() * 1e30),
        3 => JsonValue.Create(random.Next(2) == 0),
        4 => new JsonArray(Word(random), random.Next(10)),
        5 => new JsonObject { [Name(random)] = Word(random) },
        6 => JsonValue.Create(long.MaxValue),
        7 => JsonValue.Create(new string('x', random.Next(5000))),
        _ => JsonValue.Create(Word(random)),
    };

    private static string Name(Random random) => random.Next(3) == 0
        ? Word(random)
        : ((string[])["pageSize", "limit", "offset", "status", "label.a", "operation", "path", "query", "columns", "by",
            "fraction", "sources", "x"])[random.Next(13)];

    private static string Word(Random random) => random.Next(4) == 0
        ? Words[random.Next(Words.Length)] + random.Next(1000).ToString(CultureInfo.InvariantCulture)
        : Words[random.Next(Words.Length)];
}
