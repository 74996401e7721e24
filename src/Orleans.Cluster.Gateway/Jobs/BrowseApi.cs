using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Files.Datasets;
using Orleans.Cluster.Gateway.Access;
using Orleans.Cluster.Gateway.Forms;
using Orleans.Cluster.Gateway.Requests;

namespace Orleans.Cluster.Gateway.Jobs;

/// <summary>Folders and files below the data roots; nothing outside them, and nothing of the cluster's own.</summary>
internal static class BrowseApi
{
    public static void MapBrowse(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/processing/data/browse", BrowseData)
        .WithName(nameof(BrowseData)).WithTags("Data").Needs(AccessRole.Submitter);

    private static IResult BrowseData(HttpRequest request, DataRoots roots, CancellationToken cancellationToken)
    {
        var query = new QueryForm(request.Query);
        var path = query.Text("path", 4096) ?? "";
        var pageSize = (int?)query.Whole("pageSize", 1, GatewayLimits.MaxPageSize) ?? GatewayLimits.MaxPageSize;
        var offset = (int?)query.Whole("pageToken", 1, int.MaxValue) ?? 0;
        query.Close();

        var found = roots.List(path, QueryForm.At("path"), cancellationToken);
        var isRoots = path.Length == 0;
        var entries = found.Skip(offset).Take(pageSize).Select(entry => EntryOf(entry, isRoots)).ToList();
        var next = offset + entries.Count < found.Count ? (offset + entries.Count).ToString(CultureInfo.InvariantCulture) : null;
        return TypedResults.Ok(new BrowsePage(path, entries, next));
    }

    private static BrowseEntry EntryOf(FileSystemInfo entry, bool isRoot) => new(
        isRoot ? entry.FullName : entry.Name, entry is DirectoryInfo ? BrowseKind.Folder : BrowseKind.File,
        entry is FileInfo { Exists: true } file ? file.Length : 0, new DateTimeOffset(entry.LastWriteTimeUtc, TimeSpan.Zero));
}
