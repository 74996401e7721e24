using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using static Orleans.Cluster.SystemTests.Gateway.GatewayCluster;

namespace Orleans.Cluster.SystemTests.Gateway;

/// <summary>HTTP itself: methods, media types, limits, waiting, paging.</summary>
[Collection("gateway")]
public sealed class ProtocolTests(GatewayCluster gateway)
{
    [Theory]
    [InlineData("OPTIONS", "jobs/submit", "POST")]
    [InlineData("OPTIONS", "jobs/list", "GET")]
    [InlineData("HEAD", "jobs/list", "GET")]
    [InlineData("PUT", "jobs/submit", "POST")]
    [InlineData("PATCH", "cluster/scale", "POST")]
    [InlineData("BREW", "queue/status", "GET")]
    public async Task Method_ThatTheAddressDoesNotTake_SaysWhichItTakes(string method, string path, string allowed)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        using var response = await gateway.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Contains(allowed, response.Content.Headers.Allow);
        Assert.DoesNotContain(method, response.Content.Headers.Allow);
        Assert.DoesNotContain(
            response.Headers, header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("jobs/submit", "text/plain")]
    [InlineData("jobs/submit", "application/x-www-form-urlencoded")]
    [InlineData("jobs/submit", "multipart/form-data; boundary=x")]
    [InlineData("jobs/submit", "nonsense")]
    [InlineData("jobs/submit", "")]
    [InlineData("data/partition", "application/xml")]
    [InlineData("cluster/scale", "text/json5")]
    [InlineData("keys", "application/jsonp")]
    public async Task Body_OfAnotherType_IsUnsupported(string path, string type)
    {
        using var content = new ByteArrayContent("""{"operation":"aggregate"}"""u8.ToArray());
        Assert.True(content.Headers.TryAddWithoutValidation("Content-Type", type));
        using var response = await gateway.Http.PostAsync(path, content);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Equal("unsupported-media-type", Code(await response.Content.ReadFromJsonAsync<JsonElement>()));
    }

    // One letter stands for one byte.
    [Theory]
    [InlineData("""{"operation":"aggregate","name":"\ud800"}""")]
    [InlineData("""{"operation":"aggregate","name":"a\u0000b"}""")]
    [InlineData("""{"operation":"aggregate","labels":{"a\u0000":"b"}}""")]
    [InlineData("""{"operation":"aggregate","operation":"sql"}""")]
    [InlineData("""{"operation":"aggregate"} {}""")]
    [InlineData("{\0\"\0o\0")]
    [InlineData("\u00ff\u00fe\0")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"x\"")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[")]
    public async Task Body_ThatIsNoJob_IsRefusedWithItsPlace(string body)
    {
        using var content = new ByteArrayContent(Encoding.Latin1.GetBytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await gateway.Http.PostAsync("jobs/submit", content);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal((HttpStatusCode.BadRequest, "validation-failed"), (response.StatusCode, Code(problem)));
        Assert.True(problem.GetProperty("errors")[0].TryGetProperty("pointer", out _));
    }

    [Theory]
    [InlineData("jobs/%00/status", 400)]
    [InlineData("jobs/01J0000000000000000000000%00/status", 400)]
    [InlineData("jobs/list?pageToken=%00", 400)]
    [InlineData("jobs/list?label.a=%00", 400)]
    [InlineData("jobs/list?label.a%00=b", 400)]
    [InlineData("jobs/list?label.%ff=b", 200)]
    [InlineData("keys/oc_%00", 400)]
    public async Task Nul_InAnAddress_IsNoFailure(string path, int expected)
    {
        // A client that does not tidy addresses up before it sends them.
        var (status, _) = await RawAsync($"GET /api/processing/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

        Assert.True(status == expected
            || (path.StartsWith("keys", StringComparison.Ordinal) && status == 405), $"{status} for {path}");
    }

    [Fact]
    public async Task Headers_TooMany_AreRefused()
    {
        var (large, _) = await RawAsync(
            $"GET /api/processing/jobs/list HTTP/1.1\r\nHost: localhost\r\nX-Large: {new string('x', 40_000)}\r\n\r\n");
        var (many, _) = await RawAsync(
            $"GET /api/processing/jobs/list HTTP/1.1\r\nHost: localhost\r\n"
            + $"{string.Concat(Enumerable.Range(0, 200).Select(n => $"X-{n}: y\r\n"))}\r\n");

        Assert.Equal((431, 431), (large, many));
    }

    [Fact, Trait("Category", "Long")]
    public async Task Body_ThatNeverComes_IsGivenUp()
    {
        var (status, body) = await RawAsync(
            "POST /api/processing/jobs/submit HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
            + "1000\r\n\r\n{");

        Assert.True(status == 408 || status == 400, $"{status} {body}");
    }

    [Fact]
    public async Task PreferWait_WithoutAChange_AnswersAtItsEndAsAsked()
    {
        var first = await gateway.SucceededAsync(Sums());
        var waiting = Id(
            await gateway.Cluster.SubmitAsync(
                new { operation = "convert", source = new { path = "genes.csv" }, dependsOn = new[] { first } }));
        await gateway.Cluster.WaitForEndAsync(waiting);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"jobs/{waiting}/status");
        request.Headers.Add("Prefer", "respond-async, wait=7");
        using var response = await gateway.Http.SendAsync(request);

        // An ended job changes no more: there is nothing to wait for.
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("wait=7", Assert.Single(response.Headers.GetValues("Preference-Applied")));
        Assert.NotNull(response.Headers.ETag);
    }

    [Fact]
    public async Task List_JobsAddedBetweenTwoPages_NoneTwiceAndNoneMissed()
    {
        var mark = Guid.NewGuid().ToString("N");
        var ids = new List<string>();
        for (var n = 0; n < 6; n++)
        {
            ids.Add(Id(await gateway.Cluster.SubmitAsync(Sums(new { mark }))));
        }

        var seen = new List<string>();
        string? token = null;
        do
        {
            var page = await gateway.Http.GetFromJsonAsync<JsonElement>($"jobs/list?pageSize=2&label.mark={mark}{token}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(Id));
            token = page.GetProperty("nextPageToken").GetString() is { } next ? $"&pageToken={next}" : null;
            await gateway.Cluster.SubmitAsync(Sums(new { mark }));
        }
        while (token is not null);

        Assert.Equal(Enumerable.Reverse(ids), seen);
    }

    private async Task<(int Status, string Answer)> RawAsync(string request)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, gateway.Http.BaseAddress!.Port, limit.Token);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request), limit.Token);
        using var reader = new StreamReader(client.GetStream(), Encoding.Latin1);
        var line = await reader.ReadLineAsync(limit.Token);
        return (int.Parse(line!.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), line);
    }
}
