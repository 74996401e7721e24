using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Execution;
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
        using var sources = OpenSources.Begin();

        // Somebody may read the file while it grows; one that an earlier try has left is not written into.
        File.Delete(request.TargetPath);
        var page = new ResultPage(request);
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
