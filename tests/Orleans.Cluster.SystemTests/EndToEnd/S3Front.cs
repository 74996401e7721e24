using System.Globalization;
using System.Security;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>
/// A thin test double in front of s3rver, for what that lacks of S3: it holds <c>If-None-Match: *</c> against what is there,
/// lists folders (s3rver leaves out those that hold folders alone), lists and aborts uploads in parts, and throttles when it is
/// told to. All else it passes on as it is, signatures too.
/// </summary>
internal sealed class S3Front : IAsyncDisposable
{
    private static readonly HashSet<string> OwnHeaders =
        new(["Host", "Connection", "Expect", "Transfer-Encoding", "Keep-Alive"], StringComparer.OrdinalIgnoreCase);

    private readonly string folder;
    private readonly Uri server;
    private readonly HttpClient http;
    private readonly SemaphoreSlim conditions = new(1);
    private readonly WebApplication app;
    private int throttledWrites;
    private int refused;

    private S3Front(string folder, S3Place place)
    {
        (this.folder, server) = (folder, place.Inner);
        var handler = place.CreateHandler();
        handler.AllowAutoRedirect = false;
        http = new HttpClient(handler);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        builder.WebHost.UseUrls(place.Outer!.ToString());
        if (place.Bind is { } bind)
        {
            builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = bind);
        }

        app = builder.Build();
        app.Run(Answer);
    }

    /// <summary>Whether it answers 503 SlowDown to a request.</summary>
    public Func<HttpContext, bool> Throttles { get; set; } = _ => false;

    /// <summary>How often it did so to one that would have written.</summary>
    public int ThrottledWrites => Volatile.Read(ref throttledWrites);

    /// <summary>How often it refused to replace an object.</summary>
    public int Refused => Volatile.Read(ref refused);

    /// <summary>Starts it.</summary>
    /// <param name="folder">Where s3rver keeps its objects.</param>
    /// <param name="place">Where s3rver listens, and where this does.</param>
    public static async Task<S3Front> StartAsync(string folder, S3Place place)
    {
        var front = new S3Front(folder, place);
        await front.app.StartAsync();
        return front;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
        http.Dispose();
        conditions.Dispose();
    }

    /// <summary>Keys of uploads in parts that were neither completed nor aborted.</summary>
    public static IReadOnlyList<(string Id, string Key, DateTime At)> Uploads(string folder, string bucket)
    {
        var home = new DirectoryInfo(Path.Combine(folder, bucket, "._S3rver_uploads"));
        return home.Exists
            ? [.. home.EnumerateDirectories().Where(upload => File.Exists(Path.Combine(upload.FullName, "key")))
                .Select(upload => (
                    upload.Name, File.ReadAllText(Path.Combine(upload.FullName, "key")), upload.CreationTimeUtc))
                .OrderBy(upload => upload.Item2, StringComparer.Ordinal)]
            : [];
    }

    private async Task Answer(HttpContext context)
    {
        var request = context.Request;
        if (Throttles(context))
        {
            Interlocked.Add(ref throttledWrites, HttpMethods.IsPut(request.Method) ? 1 : 0);
            await Say(context, 503, Fault("SlowDown"));
        }
        else if (HttpMethods.IsGet(request.Method) && request.Query.ContainsKey("uploads"))
        {
            await Say(context, 200, List(request));
        }
        else if (HttpMethods.IsGet(request.Method) && request.Query["delimiter"] == "/")
        {
            await Say(context, 200, ListFolders(request));
        }
        else if (HttpMethods.IsDelete(request.Method) && request.Query["uploadId"].ToString() is { Length: > 0 } id)
        {
            Abort(request, id);
            context.Response.StatusCode = 204;
        }
        else if (HttpMethods.IsPut(request.Method) && request.Headers.IfNoneMatch == "*")
        {
            await Create(context);
        }
        else
        {
            await Pass(context);
        }
    }

    // Of two at once, the second finds what the first has put there.
    private async Task Create(HttpContext context)
    {
        await conditions.WaitAsync();
        try
        {
            if (File.Exists($"{Path.Combine(folder, context.Request.Path.Value!.TrimStart('/'))}._S3rver_object"))
            {
                Interlocked.Increment(ref refused);
                await Say(context, 412, Fault("PreconditionFailed"));
                return;
            }

            await Pass(context);
        }
        finally
        {
            conditions.Release();
        }
    }

    private string List(HttpRequest request)
    {
        var (bucket, prefix) = (request.Path.Value!.Trim('/'), request.Query["prefix"].ToString());
        var answer = new StringBuilder("<?xml version=\"1.0\"?><ListMultipartUploadsResult><IsTruncated>false</IsTruncated>");
        foreach (var (id, key, at) in Uploads(folder, bucket).Where(upload =>
            upload.Key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            answer.Append(CultureInfo.InvariantCulture, $"<Upload><Key>{SecurityElement.Escape(key)}</Key>")
                .Append(CultureInfo.InvariantCulture, $"<UploadId>{id}</UploadId>")
                .Append(CultureInfo.InvariantCulture, $"<Initiated>{at:yyyy-MM-ddTHH:mm:ss.fffZ}</Initiated></Upload>");
        }

        return answer.Append("</ListMultipartUploadsResult>").ToString();
    }

    private string ListFolders(HttpRequest request)
    {
        var (bucket, prefix) = (request.Path.Value!.Trim('/'), request.Query["prefix"].ToString());
        var home = new DirectoryInfo(Path.Combine(folder, bucket, prefix));
        var answer = new StringBuilder("<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>false</IsTruncated>");
        foreach (var below in (home.Exists ? home.GetDirectories() : []).Where(below =>
            below.EnumerateFiles("*._S3rver_object", SearchOption.AllDirectories).Any()))
        {
            answer.Append("<CommonPrefixes><Prefix>").Append(SecurityElement.Escape($"{prefix}{below.Name}/"))
                .Append("</Prefix></CommonPrefixes>");
        }

        return answer.Append("</ListBucketResult>").ToString();
    }

    private void Abort(HttpRequest request, string id)
    {
        var bucket = request.Path.Value!.Trim('/').Split('/')[0];
        var upload = Path.Combine(folder, bucket, "._S3rver_uploads", Path.GetFileName(id));
        if (Directory.Exists(upload))
        {
            Directory.Delete(upload, recursive: true);
        }
    }

    private async Task Pass(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var options = new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true };
        using var request = new HttpRequestMessage(
            new HttpMethod(context.Request.Method), new Uri($"{server.GetLeftPart(UriPartial.Authority)}{target}", options));
        if (context.Request.ContentLength is > 0 || context.Request.Headers.TransferEncoding.Count > 0)
        {
            request.Content = new StreamContent(context.Request.Body);
        }
        else if (HttpMethods.IsPut(context.Request.Method) || HttpMethods.IsPost(context.Request.Method))
        {
            request.Content = new ByteArrayContent([]);
        }

        request.Headers.Host = context.Request.Headers.Host;
        foreach (var (name, values) in context.Request.Headers.Where(header => !OwnHeaders.Contains(header.Key)))
        {
            if (!request.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
            }
        }

        try
        {
            using var response = await http.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
            context.Response.StatusCode = (int)response.StatusCode;
            foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
                .Where(header => !OwnHeaders.Contains(header.Key)))
            {
                context.Response.Headers[name] = values.ToArray();
            }

            if (!HttpMethods.IsHead(context.Request.Method))
            {
                await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
            }
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException)
        {
            // The server behind it broke the connection, and so does this.
            context.Abort();
        }
    }

    private static string Fault(string code) =>
        $"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{code}</Message></Error>";

    private static Task Say(HttpContext context, int status, string document)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/xml";
        return context.Response.WriteAsync(document);
    }
}
