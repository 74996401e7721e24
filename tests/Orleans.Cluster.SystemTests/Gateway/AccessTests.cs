using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Gateway;

/// <summary>A gateway that asks for keys.</summary>
public sealed class KeyedCluster : IAsyncLifetime
{
    public const string JwtSecret = "c2VjcmV0LW9mLTMyLWJ5dGVzLWZvci10aGUtdGVzdHMh";

    public EmbeddedCluster Cluster { get; } = new()
    {
        Workers = 0,
        AsksForKeys = true,
        Arguments =
        [
            "--Gateway:RequestBurst=60", "--Gateway:RequestsPerSecond=50", "--Gateway:Jwt:Issuer=tests",
            "--Gateway:Jwt:Audience=cluster",
            $"--Gateway:Jwt:SigningKey={JwtSecret}",
        ],
    };

    public async ValueTask InitializeAsync() => await Cluster.StartAsync();

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}

public sealed class AccessTests(KeyedCluster fixture) : IClassFixture<KeyedCluster>
{
    private readonly EmbeddedCluster cluster = fixture.Cluster;

    public static TheoryData<string> Closed =>
    [
        "/api/processing/health", "/api/processing/health/ready", "/api/processing/jobs/list", "/api/processing/cluster/status",
        "/api/processing/queue/status", "/api/processing/keys", "/api/processing/audit", "/dashboard", "/dashboard/",
        "/dashboard/index.min.js",
        "/metrics", "/docs", "/openapi/v1.json", "/nothing", "/API/PROCESSING/JOBS/LIST", "//api/processing/jobs/list",
        "/api/processing/health/live/../../jobs/list",
    ];

    [Theory, MemberData(nameof(Closed)), Provokes("unauthenticated")]
    public async Task Request_WithoutKey_IsUnauthenticated(string path)
    {
        using var anonymous = Client(null);
        using var response = await anonymous.GetAsync($"{Root}{path}");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal(
            "unauthenticated", (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
        Assert.Contains(response.Headers.WwwAuthenticate, challenge => challenge.Scheme == "Bearer");
    }

    // Basic opens a browser's login box, under which a script that asked waits for ever.
    [Theory]
    [InlineData("navigate", true)]
    [InlineData(null, true)]
    [InlineData("cors", false)]
    [InlineData("same-origin", false)]
    public async Task Request_WithoutKey_OpensALoginBoxForWholePagesAlone(string? mode, bool opens)
    {
        using var anonymous = Client(null);
        if (mode is not null)
        {
            anonymous.DefaultRequestHeaders.Add("Sec-Fetch-Mode", mode);
        }

        using var response = await anonymous.GetAsync($"{Root}/docs");

        Assert.Equal(opens, response.Headers.WwwAuthenticate.Any(challenge => challenge.Scheme == "Basic"));
    }

    // Whatever the document describes, in whatever way it is called: an address that is added later is closed too.
    [Fact]
    public async Task Operations_WithoutKey_AreUnauthenticatedButOne()
    {
        var document = await cluster.Http.GetFromJsonAsync<JsonElement>($"{Root}/openapi/v1.json");
        var paths = document.GetProperty("paths").EnumerateObject().Select(path => path.Name).ToList();
        var open = new List<string>();
        for (var n = 0; n < paths.Count; n++)
        {
            using var anonymous = ClientFrom(IPAddress.Parse($"127.0.1.{n + 1}"));
            foreach (var method in (string[])["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
            {
                using var request = new HttpRequestMessage(
                    new HttpMethod(method),
                    $"{Root}{paths[n].Replace("{id}", "01J00000000000000000000000", StringComparison.Ordinal)}");
                using var response = await anonymous.SendAsync(request);
                if (response.StatusCode != HttpStatusCode.Unauthorized)
                {
                    open.Add($"{method} {paths[n]} {(int)response.StatusCode}");
                }
            }
        }

        Assert.Equal(["GET /api/processing/health/live 204"], open);
    }

    [Fact]
    public async Task Live_WithoutKey_Answers()
    {
        using var anonymous = Client(null);
        using var response = await anonymous.GetAsync("health/live");

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    [Theory]
    [InlineData("VIEWER", 200, 403, 403)]
    [InlineData("SUBMITTER", 200, 202, 403)]
    [InlineData("ADMIN", 200, 202, 400)]
    public async Task Role_EachKindOfRequest_AsTheRoleSays(string role, int read, int submit, int scale)
    {
        using var client = Client(await KeyAsync($"role-{role}", role));

        using var list = await client.GetAsync("jobs/list");
        using var submitted = await client.PostAsJsonAsync("jobs/submit", new { operation = "aggregate" });
        using var scaled = await client.PostAsJsonAsync("cluster/scale", new { workers = 99 });

        Assert.Equal((read, submit, scale), ((int)list.StatusCode, (int)submitted.StatusCode, (int)scaled.StatusCode));
    }

    [Fact]
    public async Task Job_OfSomebodyElse_IsNotThere()
    {
        using var ann = Client(await KeyAsync("ann", "SUBMITTER"));
        using var bob = Client(await KeyAsync("bob", "SUBMITTER"));
        using var submitted = await ann.PostAsJsonAsync("jobs/submit", new { operation = "aggregate" });
        var id = (await submitted.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString();

        var seen = await Statuses(ann, id);
        var hidden = await Statuses(bob, id);
        var queue = await bob.GetFromJsonAsync<JsonElement>("queue/status");
        using var cancelled = await bob.PostAsync($"jobs/{id}/cancel", null);

        Assert.Equal((HttpStatusCode.OK, true), seen);
        Assert.Equal((HttpStatusCode.NotFound, false), hidden);
        Assert.Equal(HttpStatusCode.NotFound, cancelled.StatusCode);
        Assert.DoesNotContain(id!, queue.ToString(), StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, true), await Statuses(cluster.Http, id));
    }

    // What API.md says of roles, for each address that shows a job. Events end with the job, so they are read to their end.
    [Theory]
    [InlineData("VIEWER", 200, 403)]
    [InlineData("SUBMITTER", 404, 404)]
    [InlineData("ADMIN", 200, 200)]
    public async Task Job_OfAnotherCaller_IsShownAsTheRoleSays(string role, int status, int rows)
    {
        using var owner = Client(await KeyAsync($"owner-{role}", "SUBMITTER"));
        using var submitted = await owner.PostAsJsonAsync("jobs/submit", new { operation = "aggregate" });
        var id = (await submitted.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
        using var cancelled = await owner.PostAsync($"jobs/{id}/cancel", null);
        using var client = Client(await KeyAsync($"other-{role}", role));
        var own = new List<int>();
        var seen = new List<int>();
        foreach (var path in (string[])["", "/status", "/plan", "/partitions", "/partitions/summary", "/timeline", "/story",
            "/profile", "/logs", "/callbacks", "/events"])
        {
            own.Add(await StatusAsync(owner, $"jobs/{id}{path}"));
            seen.Add(await StatusAsync(client, $"jobs/{id}{path}"));
        }

        var read = new List<int>();
        foreach (var path in (string[])["/result", "/result/parts", "/result/parts/0", "/quarantine"])
        {
            // The job has no rows, which whoever may read them is told.
            var answer = await StatusAsync(client, $"jobs/{id}{path}");
            read.Add(answer == await StatusAsync(owner, $"jobs/{id}{path}") ? 200 : answer);
        }

        var isListed = (await client.GetStringAsync("jobs/list")).Contains(id, StringComparison.Ordinal);
        var ownList = (await owner.GetStringAsync("jobs/list")).Contains(id, StringComparison.Ordinal);
        Assert.Equal(own.Select(each => each == 200 ? status : each == 404 ? 404 : status == 200 ? each : status), seen);
        Assert.All(read, each => Assert.Equal(rows, each));
        Assert.Equal((status == 200, true), (isListed, ownList));
    }

    [Fact]
    public async Task Key_Revoked_IsTakenNoMore()
    {
        var key = await KeyAsync("gone", "VIEWER");
        using var client = Client(key);
        using var before = await client.GetAsync("jobs/list");

        using var revoked = await cluster.Http.DeleteAsync($"keys/{key[..11]}");
        using var after = await client.GetAsync("jobs/list");
        var list = await cluster.Http.GetStringAsync("keys");

        Assert.Equal(
            (HttpStatusCode.OK, HttpStatusCode.NoContent, HttpStatusCode.Unauthorized),
            (before.StatusCode, revoked.StatusCode, after.StatusCode));
        Assert.Contains(key[..11], list, StringComparison.Ordinal);
        Assert.DoesNotContain(key[12..], list, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SUBMITTER", "tests", "cluster", 300, 200)]
    [InlineData("OWNER", "tests", "cluster", 300, 401)]
    [InlineData("ADMIN", "others", "cluster", 300, 401)]
    [InlineData("ADMIN", "tests", "elsewhere", 300, 401)]
    [InlineData("ADMIN", "tests", "cluster", -300, 401)]
    public async Task Token_OfTheProvider_IsTakenWhenAllOfItFits(
        string role, string issuer, string audience, int seconds, int expected)
    {
        using var client = Client(Token(role, issuer, audience, DateTimeOffset.UtcNow.AddSeconds(seconds)));

        using var response = await client.GetAsync("jobs/list");

        Assert.Equal(expected, (int)response.StatusCode);
    }

    [Fact, Provokes("rate-limited")]
    public async Task Requests_FasterThanAllowed_AreRefusedWithATime()
    {
        using var client = Client(await KeyAsync("eager", "VIEWER"));

        var answers = await Task.WhenAll(Enumerable.Range(0, 600).Select(_ => client.GetAsync("jobs/list")));

        var refused = answers.Where(answer => answer.StatusCode == HttpStatusCode.TooManyRequests).ToList();
        Assert.NotEmpty(refused);
        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.All(refused, answer => Assert.True(answer.Headers.RetryAfter?.Delta > TimeSpan.Zero));
        Assert.Equal("rate-limited", (await refused[0].Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
        foreach (var answer in answers)
        {
            answer.Dispose();
        }
    }

    [Fact, Provokes("forbidden")]
    public async Task Audit_ChangedRow_IsFound()
    {
        using var ann = Client(await KeyAsync("audited", "SUBMITTER"));
        using var submitted = await ann.PostAsJsonAsync("jobs/submit", new { operation = "aggregate" });
        using var refused = await ann.PostAsJsonAsync("cluster/scale", new { workers = 2 });
        var id = (await submitted.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString();

        var entries = (await cluster.Http.GetFromJsonAsync<JsonElement>("audit?pageSize=20"))
            .GetProperty("items").EnumerateArray()
            .Where(item => item.GetProperty("actor").GetString() == "key:audited").Select(item => (
                item.GetProperty("target").GetString(), item.GetProperty("outcome").GetString(),
                item.GetProperty("origin").GetString())).ToList();
        var (intact, _) = await cluster.CommandAsync("audit", "verify");
        await ChangeAuditRowAsync("ok!");
        var (broken, said) = await cluster.CommandAsync("audit", "verify");
        var check = await cluster.Http.GetFromJsonAsync<JsonElement>("audit/verify");
        await ChangeAuditRowAsync("ok");
        var (mended, _) = await cluster.CommandAsync("audit", "verify");

        Assert.Contains((id, "ok", "127.0.0.1"), entries);
        Assert.Contains(entries, entry => entry.Item2 == "forbidden");
        Assert.Equal((0, 1, 0), (intact, broken, mended));
        Assert.Contains("entry 1 ", said, StringComparison.Ordinal);
        Assert.Equal((false, 1), (check.GetProperty("intact").GetBoolean(), check.GetProperty("firstBroken").GetInt64()));
    }

    [Fact]
    public async Task Start_OffLoopbackWithoutKeys_IsRefused()
    {
        await using var open = new EmbeddedCluster();

        var (exitCode, said) = await open.CommandAsync("--Urls=http://0.0.0.0:0", "--Cluster:DashboardPort=0");

        Assert.Equal(1, exitCode);
        Assert.Contains("Gateway:Authentication=Required", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_WithoutKey_SaysHowToGetOne()
    {
        var (code, said, _) = await CommandLine.Run(cluster, "doctor", "--state", cluster.StateFolder);

        Assert.Equal(1, code);
        Assert.Contains("ORLEANS_CLUSTER_API_KEY", said, StringComparison.Ordinal);
    }

    private string Root => cluster.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);

    private HttpClient Client(string? key)
    {
        var client = new HttpClient { BaseAddress = cluster.Http.BaseAddress };
        client.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    // Who has no name shares the allowance of its address.
    private static HttpClient ClientFrom(IPAddress address) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, 0));
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });

    private async Task<string> KeyAsync(string name, string role)
    {
        using var response = await cluster.Http.PostAsJsonAsync("keys", new { name, role });
        var made = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(response.StatusCode == HttpStatusCode.Created, made.ToString());
        return made.GetProperty("secret").GetString()!;
    }

    private static async Task<int> StatusAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(path);
        return (int)answer.StatusCode;
    }

    private static async Task<(HttpStatusCode, bool)> Statuses(HttpClient client, string? id)
    {
        using var status = await client.GetAsync($"jobs/{id}/status");
        var list = await client.GetStringAsync("jobs/list");
        return (status.StatusCode, list.Contains(id!, StringComparison.Ordinal));
    }

    private async Task ChangeAuditRowAsync(string outcome)
    {
        await using var connection = new SqliteConnection(
            $"Data Source={Path.Combine(cluster.Folder, "state", "cluster.db")};Pooling=false");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "UPDATE audit_log SET outcome = $outcome WHERE sequence = 1";
        command.Parameters.AddWithValue("$outcome", outcome);
        Assert.Equal(1, await command.ExecuteNonQueryAsync());
    }

    private static string Token(string role, string issuer, string audience, DateTimeOffset expires)
    {
        var head = Part("""{"alg":"HS256","typ":"JWT"}"""u8);
        var body = Part(
            JsonSerializer.SerializeToUtf8Bytes(
                new { sub = "tess", role, iss = issuer, aud = audience, exp = expires.ToUnixTimeSeconds() }));
        var signature = HMACSHA256.HashData(
            Convert.FromBase64String(KeyedCluster.JwtSecret), Encoding.ASCII.GetBytes($"{head}.{body}"));
        return $"{head}.{body}.{Part(signature)}";
    }

    private static string Part(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}
