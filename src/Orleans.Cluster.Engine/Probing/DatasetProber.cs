using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>Finds what a dataset is: one format, one dialect, one schema, before anything is computed.</summary>
internal static class DatasetProber
{
    /// <summary>
    /// Columns that a dataset may have. Beyond it a file is more likely cut at the wrong character than meant so.
    /// </summary>
    public const int MaxColumns = 65_536;

    /// <summary>Characters that the name of a column may have, as in a request.</summary>
    public const int MaxNameLength = ParameterBounds.MaxNameLength;

    /// <exception cref="EngineException">
    /// A file cannot be read, is out of bounds, or the files do not have one schema.
    /// </exception>
    public static DatasetProbe Probe(ProbeRequest request, CancellationToken cancellationToken)
    {
        var format = request.Source.Format == SourceFormat.Auto ? FindFormat(request) : request.Source.Format;
        var probe = format switch
        {
            SourceFormat.Parquet => ParquetProbe.Probe(request, cancellationToken),
            SourceFormat.Json
                or SourceFormat.Ndjson =>
                    HiveFolders.AddTo(JsonProbe.Probe(request, format, cancellationToken), request.Source.Options),
            _ => HiveFolders.AddTo(TextProbe.Probe(request, format, cancellationToken), request.Source.Options),
        };
        CheckBounds(probe, request);
        return probe.Columns.Count > 0 ? probe : throw new EngineException(
            FailureKind.SourceUnavailable,
            $"{request.Files[0].Path} is empty"
            + $"{(request.Files.Count > 1 ? $", and so are the other {request.Files.Count - 1} files" : "")}: "
            + "there are no columns. Declare them in options.columns if that is right.",
            ProblemCode.DatasetNotReadable.Word);
    }

    /// <summary>Why a file with so many columns is no table.</summary>
    public static EngineException TooManyColumns(string file, int count) => new(
        FailureKind.SourceUnavailable,
        $"{file} has {count} columns; a table has {MaxColumns} at most. Is options.delimiter right?",
        ProblemCode.DatasetNotReadable.Word);

    private static void CheckBounds(DatasetProbe probe, ProbeRequest request)
    {
        var file = request.Files[0].Path;
        if (probe.Columns.Count > MaxColumns)
        {
            throw TooManyColumns(file, probe.Columns.Count);
        }

        if (probe.Columns.FirstOrDefault(column => column.Name.Length > MaxNameLength) is { } named)
        {
            throw new EngineException(
                FailureKind.SourceUnavailable,
                $"{file}: the name of a column has {named.Name.Length} characters, and {MaxNameLength} are allowed. It begins "
                + "with "
                + $"'{named.Name[..40]}'. Are options.delimiter, quote and header right?",
                ProblemCode.DatasetNotReadable.Word);
        }
    }

    // By the first file with content; what is no Parquet and no JSON is delimited text.
    private static SourceFormat FindFormat(ProbeRequest request)
    {
        var file = request.Files.FirstOrDefault(file => file.Bytes > 0) ?? request.Files[0];
        Span<byte> magic = stackalloc byte[4];
        using (var handle = SourceStreams.OpenFile(file.Path))
        {
            magic = magic[..handle.Read(magic, 0)];
        }

        if (magic.SequenceEqual("PAR1"u8))
        {
            return SourceFormat.Parquet;
        }

        var name = file.Path.ToLowerInvariant();
        foreach (var ending in new[] { ".gz", ".bgz", ".zst" })
        {
            name = name.EndsWith(ending, StringComparison.Ordinal) ? name[..^ending.Length] : name;
        }

        var sample = TextSample.Take(file, request.Source.Options, 64 << 10, wantOthers: false);
        var text = System.Text.Encoding.UTF8.GetString(sample.Head.AsSpan(sample.MarkBytes)).TrimStart();
        return Path.GetExtension(name) switch
        {
            ".parquet" => throw new EngineException(
                FailureKind.SourceUnavailable, $"{file.Path} is named .parquet but does not begin as a Parquet file does.",
                ProblemCode.DatasetNotReadable.Word),
            ".tsv" or ".tab" or ".maf" => SourceFormat.Tsv,
            ".csv" => SourceFormat.Csv,
            ".ndjson" or ".jsonl" => SourceFormat.Ndjson,
            ".json" => IsLines(text) ? SourceFormat.Ndjson : SourceFormat.Json,
            _ when text.StartsWith('{') => IsLines(text) ? SourceFormat.Ndjson : SourceFormat.Json,
            _ when text.StartsWith("[{", StringComparison.Ordinal) => SourceFormat.Json,
            _ => SourceFormat.Csv,
        };
    }

    // Lines that are each one whole object.
    private static bool IsLines(string text)
    {
        var end = text.IndexOf('\n', StringComparison.Ordinal);
        var first = (end < 0 ? text : text[..end]).Trim();
        if (!first.StartsWith('{'))
        {
            return false;
        }

        try
        {
            using var document = System.Text.Json.JsonDocument.Parse(first);
            return document.RootElement.ValueKind == System.Text.Json.JsonValueKind.Object;
        }
        catch (System.Text.Json.JsonException)
        {
            return false;
        }
    }
}
