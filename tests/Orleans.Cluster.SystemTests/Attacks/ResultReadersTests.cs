using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Attacks;

/// <summary>Many readers of one large result at a time.</summary>
[Collection("attacked")]
public sealed class ResultReadersTests(AttackedCluster attacked)
{
    private const int Readers = 12;
    private const int MostOfACaller = 32;
    private const long MostOfTheGateway = 256L << 20;
    private const long MostOfItsExecutors = 768L << 20;

    // Twelve readers of 13 MB took 3.25 GB once: each had its own copy of all rows, and they were read at once.
    [Theory]
    [InlineData("application/json")]
    [InlineData("text/csv")]
    [InlineData("application/vnd.apache.arrow.stream")]
    public async Task Result_ManyReadersAtOnce_TakeAMemoryThatIsBoundedInAll(string form)
    {
        var id = await LargeAsync();
        await ReadAsync(id, form);
        var gateway = attacked.Cluster.GatewayId;
        var executors = EmbeddedCluster.ExecutorsOf(gateway);
        var before = Resident(gateway);
        foreach (var process in executors.Append(gateway))
        {
            await File.WriteAllTextAsync($"/proc/{process}/clear_refs", "5");
        }

        var lengths = await Task.WhenAll(Enumerable.Range(0, Readers).Select(_ => ReadAsync(id, form)));

        var (grown, engines) = (Peak(gateway) - before, executors.Sum(Peak));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Readers} x {lengths[0]} bytes as {form}: the gateway grew by {grown >> 20} MiB, its executors had "
            + $"{engines >> 20} MiB.");
        Assert.True(Array.TrueForAll(lengths, length => length > 9_000_000 && length == lengths[0]), string.Join(", ", lengths));
        Assert.True(grown < MostOfTheGateway, $"The gateway grew by {grown} bytes.");
        Assert.True(engines < MostOfItsExecutors, $"Its executors had {engines} bytes.");
    }

    // They read nothing, so that each keeps a file on the gateway's disk. Their systems take little for them: by itself a kernel
    // may take all of a result of this size for a reader that has not asked for it yet.
    [Fact]
    public async Task Result_OneReaderMoreThanACallerMayHave_IsRefusedUntilAnotherHasReadAll()
    {
        var id = await LargeAsync();
        using var eve = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectSmallAsync })
        {
            BaseAddress = attacked.Eve.BaseAddress, Timeout = attacked.Eve.Timeout,
        };
        eve.DefaultRequestHeaders.Authorization = attacked.Eve.DefaultRequestHeaders.Authorization;
        var open = new List<HttpResponseMessage>();
        try
        {
            while (open.Count < MostOfACaller)
            {
                open.Add(await OpenAsync(eve, id, "text/csv"));
            }

            using var refused = await OpenAsync(eve, id, "text/csv");
            Assert.True(refused.StatusCode == HttpStatusCode.TooManyRequests, await WhyAsync(refused, open));
            await attacked.AnnsJobEndsRight();
            await LengthAsync(open[0]);
            HttpStatusCode? next = null;
            await EmbeddedCluster.Until(
                async () =>
                {
                    using var response = await OpenAsync(eve, id, "text/csv");
                    next = response.StatusCode;
                    return next == HttpStatusCode.OK;
                },
                TimeSpan.FromMinutes(2), () => $"{next}");

            Assert.All(open, response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
            Assert.True(refused.Headers.RetryAfter?.Delta > TimeSpan.Zero, $"{refused.Headers}");
            var problem = await refused.Content.ReadFromJsonAsync<JsonElement>();
            Assert.Equal("rate-limited", problem.GetProperty("code").GetString());
            Assert.Contains($"{MostOfACaller} results", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
        finally
        {
            open.ForEach(response => response.Dispose());
        }
    }

    // As a crash by somebody else's question would: another process writes the rows anew, and who reads them goes on.
    [Theory]
    [InlineData("application/json")]
    [InlineData("text/csv")]
    public async Task Result_EngineIsKilledWhileItIsRead_IsReadToItsEnd(string form)
    {
        var id = await LargeAsync();
        var length = await ReadAsync(id, form);
        for (var n = 0; n < 3; n++)
        {
            using var response = await OpenAsync(id, form);
            foreach (var executor in EmbeddedCluster.ExecutorsOf(attacked.Cluster.GatewayId))
            {
                Process.GetProcessById(executor).Kill();
            }

            Assert.Equal(length, await LengthAsync(response));
        }
    }

    // 13 MB of rows that no compression makes small.
    private async Task<string> LargeAsync()
    {
        var id = await AttackedCluster.SubmitAsync(attacked.Eve, new
        {
            operation = "sql",
            source = new { path = "data/genes.csv" },
            parameters = new
            {
                query = "SELECT a.n, b.n AS m, md5(a.n || '/' || b.n) || md5(b.n || '-' || a.n) || md5(b.n || '.') AS x "
                    + "FROM source a, source b WHERE b.n < 100",
            },
        });
        await attacked.Cluster.WaitForEndAsync(id);
        return id;
    }

    private static async ValueTask<Stream> ConnectSmallAsync(
        SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 1 << 16 };
        await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private Task<HttpResponseMessage> OpenAsync(string id, string form) => OpenAsync(attacked.Eve, id, form);

    private static async Task<HttpResponseMessage> OpenAsync(HttpClient client, string id, string form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"jobs/{id}/result");
        request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(form));
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private async Task<string> WhyAsync(HttpResponseMessage answer, IEnumerable<HttpResponseMessage> open)
    {
        var ends = await Task.WhenAll(open.Select(async response =>
            await Record.ExceptionAsync(() => LengthAsync(response)) is { } fault ? $"{fault.Message}" : "read to its end"));
        return $"{answer.StatusCode}, where others {string.Join(", ", ends)}.\n{attacked.Cluster.Log}";
    }

    private async Task<long> ReadAsync(string id, string form)
    {
        using var response = await OpenAsync(id, form);
        return await LengthAsync(response);
    }

    private static async Task<long> LengthAsync(HttpResponseMessage response)
    {
        response.EnsureSuccessStatusCode();
        await using var rows = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[1 << 16];
        var length = 0L;
        while (await rows.ReadAsync(buffer) is > 0 and var read)
        {
            length += read;
        }

        return length;
    }

    private static long Peak(int process) => Of(process, "VmHWM:");

    private static long Resident(int process) => Of(process, "VmRSS:");

    private static long Of(int process, string name) => File.ReadLines($"/proc/{process}/status")
        .Where(line => line.StartsWith(name, StringComparison.Ordinal))
        .Select(line => long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture))
        .Single() << 10;
}
