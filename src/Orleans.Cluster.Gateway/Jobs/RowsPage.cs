using Microsoft.Net.Http.Headers;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Gateway.Forms;
using Orleans.Cluster.Gateway.Requests;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Gateway.Jobs;

/// <summary>Which rows a client wants, and in which form.</summary>
internal sealed record RowsPage(ExportFormat Format, long Offset, long? Limit)
{
    private static readonly (ExportFormat Format, MediaTypeHeaderValue Type, string Extension)[] Forms =
    [
        (ExportFormat.Json, new("application/json"), "json"),
        (ExportFormat.Csv, new("text/csv"), "csv"),
        (ExportFormat.Parquet, new("application/vnd.apache.parquet"), "parquet"),
        (ExportFormat.Arrow, new("application/vnd.apache.arrow.stream"), "arrows"),
    ];

    /// <exception cref="ClusterException"><c>validation-failed</c>, <c>not-acceptable</c>.</exception>
    public static RowsPage Of(HttpRequest request) => Read(request.Query, () => FormatOf(request));

    /// <summary>All rows of one part of a result.</summary>
    /// <exception cref="ClusterException"><c>not-acceptable</c>.</exception>
    public static RowsPage OfPart(HttpRequest request) => new(FormatOf(request), 0, null);

    /// <exception cref="ClusterException"><c>validation-failed</c>.</exception>
    public static RowsPage Read(IQueryCollection parameters, Func<ExportFormat> formatOf)
    {
        var query = new QueryForm(parameters);
        var offset = query.Whole("offset", 0, long.MaxValue) ?? 0;
        var limit = query.Whole("limit", 0, long.MaxValue);
        query.Close();
        var format = formatOf();
        // A JSON document is read whole by its client; rows without a bound would break it.
        return new RowsPage(format, offset, limit ?? (format == ExportFormat.Json ? GatewayLimits.JsonRows : null));
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
            response.Headers.Link = $"<{response.HttpContext.Request.Path}?offset={next}&limit={Limit}>; rel=\"next\"";
        }

        var (_, type, extension) = Forms[(int)Format];
        var downloadName = Format == ExportFormat.Json ? null : $"{name}.{extension}";
        return rows.Stored is { } stored
            ? TypedResults.Stream(stored, type.ToString(), downloadName)
            : TypedResults.PhysicalFile(rows.Path, type.ToString(), downloadName);
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
            .OrderByDescending(type => type.Quality ?? 1).ThenBy(type => type.MatchesAllTypes ? 2 : type.MatchesAllSubTypes ? 1 : 0))
        {
            foreach (var form in Forms.Where(form => form.Type.IsSubsetOf(Bare(wanted))))
            {
                return form.Format;
            }
        }

        throw new ClusterException(
            Contracts.ProblemCode.NotAcceptable, "The answer has none of the forms asked for.", $"Accept {string.Join(", ", Forms.Select(form => form.Type))}.");
    }

    // Parameters such as 'charset=utf-8' or 'header=present' ask for nothing that we do not do.
    private static MediaTypeHeaderValue Bare(MediaTypeHeaderValue type) => new(type.MediaType);
}
