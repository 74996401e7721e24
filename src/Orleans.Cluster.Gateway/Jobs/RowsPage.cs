using Microsoft.Net.Http.Headers;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Gateway.Forms;
using Orleans.Cluster.Gateway.Requests;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Gateway.Jobs;

/// <summary>Which rows a client wants, and in which form.</summary>
internal sealed record RowsPage(ExportFormat Format, long Offset, long? Limit, string? Table = null)
{
    private const int MaxTableLength = 200;

    // Of a file that grows as fast as it is read: larger pieces cost fewer changes between threads.
    private const int PieceBytes = 1 << 19;

    private static readonly (ExportFormat Format, MediaTypeHeaderValue Type, string Extension)[] Forms =
    [
        (ExportFormat.Json, new("application/json"), "json"),
        (ExportFormat.Csv, new("text/csv"), "csv"),
        (ExportFormat.Parquet, new("application/vnd.apache.parquet"), "parquet"),
        (ExportFormat.Arrow, new("application/vnd.apache.arrow.stream"), "arrows"),
        (ExportFormat.ArrowLz4, new("application/vnd.apache.arrow.stream") { Parameters = { new("codec", "lz4") } }, "arrows"),
        (ExportFormat.ArrowZstd, new("application/vnd.apache.arrow.stream") { Parameters = { new("codec", "zstd") } }, "arrows"),
    ];

    /// <exception cref="ClusterException"><c>validation-failed</c>, <c>not-acceptable</c>.</exception>
    public static RowsPage Of(HttpRequest request, bool hasTables) => Read(request.Query, () => FormatOf(request), hasTables);

    /// <summary>All rows of one part of a result.</summary>
    /// <exception cref="ClusterException"><c>not-acceptable</c>.</exception>
    public static RowsPage OfPart(HttpRequest request) => new(FormatOf(request), 0, null);

    /// <exception cref="ClusterException"><c>validation-failed</c>.</exception>
    public static RowsPage Read(IQueryCollection parameters, Func<ExportFormat> formatOf, bool hasTables)
    {
        var query = new QueryForm(parameters);
        var offset = query.Whole("offset", 0, long.MaxValue) ?? 0;
        var limit = query.Whole("limit", 0, long.MaxValue);
        var table = hasTables ? query.Text("table", MaxTableLength) : null;
        query.Close();
        var format = formatOf();
        // A JSON document is read whole by its client; rows without a bound would break it.
        return new RowsPage(format, offset, limit ?? (format == ExportFormat.Json ? GatewayLimits.JsonRows : null), table);
    }

    /// <summary>Streams the rows, after which their file goes.</summary>
    public IResult Answer(HttpResponse response, RowsFile rows, string name)
    {
        response.RegisterForDispose(rows);
        response.Headers["X-Total-Rows"] = $"{rows.Rows.TotalRows}";
        response.Headers.Vary = HeaderNames.Accept;
        var next = Offset + rows.Rows.Rows;
        if (Limit > 0 && next < rows.Rows.TotalRows)
        {
            var table = Table is null ? "" : $"table={Uri.EscapeDataString(Table)}&";
            response.Headers.Link = $"<{response.HttpContext.Request.Path}?{table}offset={next}&limit={Limit}>; rel=\"next\"";
        }

        var (_, type, extension) = Forms[(int)Format];
        var downloadName = Format == ExportFormat.Json ? null : $"{name}.{extension}";
        var stream = rows.Open();
        return stream.CanSeek
            ? TypedResults.Stream(stream, type.ToString(), downloadName)
            : TypedResults.Stream(_ => Copy(stream, response.HttpContext), type.ToString(), downloadName);
    }

    // Read into the answer's own memory: rows are copied once on their way to the socket.
    private static async Task Copy(Stream rows, HttpContext context)
    {
        var body = context.Response.BodyWriter;
        await using (rows)
        {
            try
            {
                while (await rows.ReadAsync(body.GetMemory(PieceBytes), context.RequestAborted) is > 0 and var read)
                {
                    body.Advance(read);
                    await body.FlushAsync(context.RequestAborted);
                }
            }
            catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
            {
                // Rows that are cut off must not look like all of them to who is still there.
                context.Abort();
            }
        }
    }

    private static ExportFormat FormatOf(HttpRequest request)
    {
        var accepted = request.GetTypedHeaders().Accept;
        if (accepted.Count == 0)
        {
            return ExportFormat.Json;
        }

        // Highest quality first; among equals a type that is named goes before a wildcard, then the client's order.
        foreach (var wanted in accepted.Where(type => type.Quality is not 0)
            .OrderByDescending(type => type.Quality ?? 1)
            .ThenBy(type => type.MatchesAllTypes ? 2 : type.MatchesAllSubTypes ? 1 : 0))
        {
            foreach (var form in Forms.Where(form => form.Type.IsSubsetOf(Bare(wanted)) && Codec(form.Type) == Codec(wanted)))
            {
                return form.Format;
            }
        }

        throw new ClusterException(
            Contracts.ProblemCode.NotAcceptable, "The answer has none of the forms asked for.",
            $"Accept {string.Join(", ", Forms.Select(form => form.Type))}.");
    }

    // Buffers are compressed for who asks for it: not every reader of the format can take them.
    private static string Codec(MediaTypeHeaderValue type) =>
        type.Parameters.FirstOrDefault(each => each.Name.Equals("codec", StringComparison.OrdinalIgnoreCase))?.GetUnescapedValue()
            .ToString().ToLowerInvariant() ?? "";

    // Parameters such as 'charset=utf-8' or 'header=present' ask for nothing that we do not do.
    private static MediaTypeHeaderValue Bare(MediaTypeHeaderValue type) => new(type.MediaType);
}
