using Apache.Arrow;
using Apache.Arrow.Compression;
using Apache.Arrow.Ipc;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Execution;
using Orleans.Cluster.Engine.Export.Arrow;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Export;

/// <summary>
/// Writes a page as an Arrow IPC stream. Types: whole numbers to 64 bits keep theirs; DECIMAL(p,s), and so sums of whole numbers,
/// is decimal128(p,s); FLOAT and DOUBLE are float and double; VARCHAR, UUID and JSON are utf8; BLOB is binary; DATE is date32;
/// TIME is time64 in microseconds (TIME_NS in nanoseconds); TIMESTAMP is timestamp in microseconds without a zone, TIMESTAMP WITH
/// TIME ZONE the same in UTC, TIMESTAMP_NS in nanoseconds; LIST, STRUCT and MAP are list, struct and map of these, an array of
/// fixed length is a fixed-size list. A result has no HUGEINT, INTERVAL or ENUM: see <see cref="StoredType"/>. Strings are not
/// dictionary-coded: a dictionary must be known before the first row or grow by deltas, which not every reader takes; who wants
/// fewer bytes asks for compressed buffers, which every implementation of the format defines.
/// </summary>
internal static class ArrowExporter
{
    // A reader takes a core.
    private const int MaxReaders = 4;

    // Half of what the instance has. A reader holds of each column a page of a group of rows: 8 bytes a value, or what the files
    // tell of longer ones, which are compressed to a quarter or so.
    private const long ReadersBytes = 128L << 20;
    private const long GroupRows = 122_880;
    private const long ValueBytes = 8;
    private const long Compression = 4;

    /// <summary>Writes the page. Several pieces of it are read at once; its rows are in their order all the same.</summary>
    /// <exception cref="EngineException">The files have not the rows that they were committed with.</exception>
    public static void Write(DuckDbSession session, ResultPage page, ExportRequest request, CancellationToken cancellationToken)
    {
        // The file is read while it grows: what is written is handed to it in pieces that are worth a look.
        using var file = new FileStream(request.TargetPath, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 16);
        var options = Options(request.Format);
        var batches = new ArrowBatches(request.Columns);
        var readers = Readers(request);
        if (readers > 1 && page.Pieces() is { Count: > 1 } pieces)
        {
            WritePieces(file, options, new ArrowPieces(session, batches, pieces), readers, cancellationToken);
            return;
        }

        ArrowStreamWriter? writer = null;
        try
        {
            batches.Read(
                session,
                new PagePiece(page.Sql(), page.Rows),
                schema =>
                {
                    writer = new ArrowStreamWriter(file, schema, leaveOpen: true, options);
                    writer.WriteStart();
                },
                batch => Write(writer!, batch),
                cancellationToken);
            writer!.WriteEnd();
        }
        finally
        {
            writer?.Dispose();
        }
    }

    private static int Readers(ExportRequest request)
    {
        var rowBytes = request.Files.Select(file => file.Bytes / Math.Max(1, file.Rows) * Compression).Append(0).Max();
        var groupBytes = GroupRows * Math.Max(rowBytes, Math.Max(1, request.Columns.Count) * ValueBytes);
        return (int)Math.Min(Math.Min(Environment.ProcessorCount, MaxReaders), ReadersBytes / groupBytes);
    }

    private static void WritePieces(
        Stream file, IpcOptions options, ArrowPieces pieces, int readers, CancellationToken cancellationToken)
    {
        ArrowStreamWriter? writer = null;
        try
        {
            pieces.Read(
                readers,
                batch => Write(writer ??= new ArrowStreamWriter(file, batch.Schema, leaveOpen: true, options), batch),
                cancellationToken);
            writer!.WriteEnd();
        }
        finally
        {
            writer?.Dispose();
        }
    }

    private static void Write(ArrowStreamWriter writer, RecordBatch batch)
    {
        using (batch)
        {
            writer.WriteRecordBatch(batch);
        }
    }

    private static IpcOptions Options(ExportFormat format) => format switch
    {
        ExportFormat.ArrowLz4 => Compressed(CompressionCodecType.Lz4Frame),
        ExportFormat.ArrowZstd => Compressed(CompressionCodecType.Zstd),
        _ => new IpcOptions(),
    };

    private static IpcOptions Compressed(CompressionCodecType codec) =>
        new() { CompressionCodecFactory = new CompressionCodecFactory(), CompressionCodec = codec };
}
