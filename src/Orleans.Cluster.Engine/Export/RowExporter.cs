using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Execution;
using Orleans.Cluster.Engine.Objects;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Engine.Values;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Export;

/// <summary>
/// Writes a page of result rows as a client asked for them, and holds the rows that were written against those of the page.
/// </summary>
internal static class RowExporter
{
    // Rows pass through; what sorts or groups was done by the job.
    private const long MemoryBytes = 256L << 20;

    // The engine holds some 30 KB of every column and of every step of its text: wide rows are written in parts of so many
    // columns.
    private const int ColumnsAtOnce = 256;

    public static ExportedRows Export(ExportRequest request, CancellationToken cancellationToken)
    {
        // Somebody may read the file while it grows; one that an earlier try has left is not written into.
        File.Delete(request.TargetPath);
        if (request.Grant is null)
        {
            using var sources = OpenSources.Begin();
            return Export(request, new ResultPage(request, static path => path), cancellationToken);
        }

        var folder = $"{request.TargetPath}.objects";
        try
        {
            using var sources = OpenSources.Begin();
            using var leave = ObjectReads.Allow(request.Grant);
            return Export(request, Bring(request, folder, cancellationToken), cancellationToken);
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    // Of Parquet the groups of rows that are the page's; of text, which is read from its beginning, all.
    private static ResultPage Bring(ExportRequest request, string folder, CancellationToken cancellationToken)
    {
        var wholes = new ArtifactCopies(folder, quota: null);
        var parts = new ParquetCopies(folder, quota: null);
        var ofRanges = new ResultPage(request, parts.LocalOf);
        if (ofRanges.IsOfRanges)
        {
            parts.BringRows(request.Columns, ofRanges.Ranges(), cancellationToken);
            return ofRanges;
        }

        wholes.Bring(ofRanges.Ranges().Select(range => range.File), cancellationToken);
        return new ResultPage(request, wholes.LocalOf);
    }

    private static ExportedRows Export(ExportRequest request, ResultPage page, CancellationToken cancellationToken)
    {
        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with
        {
            MemoryBytes = MemoryBytes,
            Folders = [Path.GetDirectoryName(request.TargetPath)!],
            Files = [.. page.Files],
        });
        var target = SqlText.Literal(request.TargetPath);
        switch (request.Format)
        {
            case ExportFormat.Csv:
                var columns = string.Join(", ", request.Columns.Select(DelimitedValues.Written));
                page.Check(session.Execute(
                    $"COPY (SELECT {columns} FROM ({page.Sql()})) TO {target} (FORMAT csv, HEADER true)", cancellationToken));
                break;
            case ExportFormat.Parquet:
                page.Check(session.Execute(
                    $"COPY ({page.Sql()}) TO {target} (FORMAT parquet, COMPRESSION zstd)", cancellationToken));
                break;
            case ExportFormat.Arrow or ExportFormat.ArrowLz4 or ExportFormat.ArrowZstd:
                ArrowExporter.Write(session, page, request, cancellationToken);
                break;
            default:
                WriteJson(session, page, request, cancellationToken);
                break;
        }

        return request.CountRows();
    }

    // The engine writes the rows, a line each, and holds none of them.
    private static void WriteJson(
        DuckDbSession session, ResultPage page, ExportRequest request, CancellationToken cancellationToken)
    {
        ColumnSchema[][] parts = [.. request.Columns.Chunk(ColumnsAtOnce)];
        string[] files = [.. parts.Select((_, i) => $"{request.TargetPath}.rows{i}")];
        try
        {
            foreach (var (part, file) in parts.Zip(files))
            {
                page.Check(session.Execute(
                    $"COPY ({JsonValues.Elements(part, page.Sql(part))}) TO {SqlText.Literal(file)} ({ResultFormat.Lines})",
                    cancellationToken));
            }

            using var target = new FileStream(request.TargetPath, FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 16);
            JsonDocumentText.Write(target, request.Columns, files, page.TotalRows);
        }
        finally
        {
            foreach (var file in files)
            {
                File.Delete(file);
            }
        }
    }
}
