using Apache.Arrow.Ipc;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Execution;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Export;

/// <summary>
/// Writes a page as an Arrow IPC stream. Types: whole numbers to 64 bits keep theirs; DECIMAL(p,s), and so sums of whole numbers, is
/// decimal128(p,s); FLOAT and DOUBLE are float and double; VARCHAR, UUID and JSON are utf8; BLOB is binary; DATE is date32; TIME is time64 in
/// microseconds (TIME_NS in nanoseconds); TIMESTAMP is timestamp in microseconds without a zone, TIMESTAMP WITH TIME ZONE the same in UTC,
/// TIMESTAMP_NS in nanoseconds; LIST, STRUCT and MAP are list, struct and map of these, an array of fixed length is a fixed-size list.
/// A result has no HUGEINT, INTERVAL or ENUM: see <see cref="StoredType"/>.
/// </summary>
internal static class ArrowExporter
{
    // The engine holds a page while it is handed over; a row is taken for eight times its stored size.
    private const long PageBytes = 64L << 20;
    private const int Inflation = 8;
    private const long LeastPageRows = 2048;
    private const long MostPageRows = 1L << 20;

    public static void Write(DuckDbSession session, ExportRequest request, CancellationToken cancellationToken)
    {
        var source = request.SourceFormat == OutputFormat.Parquet ? request : Spool(session, request, cancellationToken);
        try
        {
            using var file = new FileStream(request.TargetPath, FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 16);
            WritePages(session, source, file, cancellationToken);
        }
        finally
        {
            if (source != request)
            {
                File.Delete(source.Files[0].Path);
            }
        }
    }

    private static void WritePages(DuckDbSession session, ExportRequest request, FileStream file, CancellationToken cancellationToken)
    {
        var all = new ResultPage(request);
        var pageRows = PageRows(request.Files);
        ArrowStreamWriter? writer = null;
        try
        {
            for (var done = 0L; done < all.Rows || writer is null; done += pageRows)
            {
                var page = new ResultPage(request with { Offset = request.Offset + done, Limit = Math.Min(pageRows, all.Rows - done) });
                session.ReadArrow(
                    page.Sql(),
                    batches =>
                    {
                        writer ??= new ArrowStreamWriter(file, batches.Schema, leaveOpen: true);
                        WriteBatches(writer, batches, cancellationToken);
                    },
                    cancellationToken);
            }

            writer.WriteEnd();
        }
        finally
        {
            writer?.Dispose();
        }
    }

    private static void WriteBatches(ArrowStreamWriter writer, IArrowArrayStream batches, CancellationToken cancellationToken)
    {
        writer.WriteStart();
        while (batches.ReadNextRecordBatchAsync(cancellationToken).AsTask().GetAwaiter().GetResult() is { } batch)
        {
            using (batch)
            {
                writer.WriteRecordBatch(batch);
            }
        }
    }

    private static long PageRows(IReadOnlyList<ArtifactRef> files)
    {
        var (rows, bytes) = (files.Sum(file => file.Rows), files.Sum(file => file.Bytes));
        return Math.Clamp(PageBytes * Math.Max(rows, 1) / Math.Max(bytes * Inflation, 1), LeastPageRows, MostPageRows);
    }

    // Text cannot be read from its middle: its rows of the page are written as Parquet first, from which pages can be.
    private static ExportRequest Spool(DuckDbSession session, ExportRequest request, CancellationToken cancellationToken)
    {
        var page = new ResultPage(request);
        var path = request.TargetPath + ".spool";
        session.Execute($"COPY ({page.Sql()}) TO {SqlText.Literal(path)} (FORMAT parquet, COMPRESSION snappy)", cancellationToken);
        OpenSources.KeepName(path);
        var producer = new AttemptId(new TaskId(default, 0, 0), 0);
        var spooled = new ArtifactRef(producer, path, page.Rows, new FileInfo(path).Length, "");
        return request with { Files = [spooled], SourceFormat = OutputFormat.Parquet, FolderColumns = [], Offset = 0, Limit = null };
    }
}
