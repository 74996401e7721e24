using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>Schema and row groups of Parquet files, from their footers alone.</summary>
internal static class ParquetProbe
{
    // One call reads so many footers; more would only make its error harder to place.
    private const int Batch = 500;

    public static DatasetProbe Probe(ProbeRequest request, CancellationToken cancellationToken)
    {
        using var sources = OpenSources.Begin();
        foreach (var file in request.Files)
        {
            SourceStreams.CheckStamp(file);
        }

        var folder = request.Grant is { } grant ? Path.Combine(grant.ScratchFolder, $"{Guid.NewGuid():N}") : "";
        try
        {
            return Probe(request, new ParquetCopies(folder, quota: null), cancellationToken);
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static DatasetProbe Probe(ProbeRequest request, ParquetCopies copies, CancellationToken cancellationToken)
    {
        var alike = ParquetFooters.FindFirstAlike(request.Files, cancellationToken);
        var firsts = alike.Distinct().ToList();
        copies.BringFooters(firsts, cancellationToken);
        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with
        {
            Threads = Environment.ProcessorCount,
            MemoryBytes = 512L << 20,
            Files = [.. firsts.Select(first => OpenSources.Name(copies.LocalOf(first)))],
        });
        var groups = new Dictionary<string, List<RowGroup>>(StringComparer.Ordinal);
        var layouts = new Dictionary<string, string>(StringComparer.Ordinal);
        var firstPages = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var files in firsts.Chunk(Batch))
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReadFooters(session, copies, files, groups, layouts, firstPages);
        }

        var checksums = firstPages.Where(page => ParquetChecksums.AreWritten(page.Key, page.Value))
            .Select(page => page.Key).ToHashSet(StringComparer.Ordinal);

        var schemas = layouts.GroupBy(pair => pair.Value, pair => pair.Key).ToDictionary(
            layout => layout.Key,
            layout =>
            session.Describe(
                $"SELECT * FROM read_parquet({OpenSources.Literal(copies.LocalOf(layout.First()))}, hive_partitioning = false)"));
        var named = schemas.ToDictionary(schema => schema.Key, schema => ParquetNames.Mend(schema.Value));
        var mended = layouts.DistinctBy(pair => pair.Value)
            .SelectMany(pair =>
                ParquetNames.FindMended(session, copies.LocalOf(pair.Key), schemas[pair.Value], named[pair.Value]))
            .Take(1).Select(warning => warning with { Detail = copies.NameOrigins(warning.Detail) }).ToList();
        foreach (var (file, first) in request.Files.Zip(alike).Where(pair => pair.First.Path != pair.Second))
        {
            layouts[file.Path] = layouts[first];
        }

        var (columns, warnings) = ParquetSchema.Unite(
            [.. request.Files.DistinctBy(file => layouts[file.Path]).Select(file => (named[layouts[file.Path]], file.Path))],
            request.Source.Options, HiveFolders.Names(request.Files, request.Source.Options));
        var probe = new DatasetProbe
        {
            Format = SourceFormat.Parquet,
            Columns = columns,
            Files = [.. request.Files.Select((file, i) =>
                Describe(file, groups.GetValueOrDefault(alike[i])
                    ?? [], schemas[layouts[file.Path]], columns, checksums.Contains(alike[i])))],
            Warnings = [.. mended, .. warnings],
        };
        return HiveFolders.AddTo(probe, request.Source.Options);
    }

    private static void ReadFooters(
        DuckDbSession session, ParquetCopies copies, string[] files, Dictionary<string, List<RowGroup>> groups,
        Dictionary<string, string> layouts, Dictionary<string, long> firstPages)
    {
        var list = string.Join(", ", files.Select(file => OpenSources.Literal(copies.LocalOf(file))));
        try
        {
            session.Read(
                $"SELECT file_name, row_group_id, any_value(row_group_num_rows), CAST(sum(total_compressed_size) AS BIGINT), "
                + "min(CASE WHEN dictionary_page_offset BETWEEN 1 AND data_page_offset THEN dictionary_page_offset ELSE "
                + "data_page_offset END) "
                + $"FROM parquet_metadata([{list}]) GROUP BY ALL ORDER BY ALL",
                row =>
                {
                    var file = copies.OriginOf(OpenSources.PathOf(row.GetString(0)));
                    firstPages.TryAdd(file, row.GetInt64(4));
                    (groups.TryGetValue(file, out var known) ? known : groups[file] = []).Add(
                        new RowGroup(row.GetInt64(2), row.GetInt64(3)));
                });
            session.Read(
                "SELECT file_name, md5(string_agg(concat_ws(':', name, type, type_length, repetition_type, num_children, "
                + "converted_type, scale, precision, logical_type), '|')) "
                + $"FROM parquet_schema([{list}]) GROUP BY file_name",
                row => layouts[copies.OriginOf(OpenSources.PathOf(row.GetString(0)))] = row.GetString(1));
        }
        catch (DuckDBException e)
        {
            throw Unreadable(session, copies, files, e);
        }
    }

    // The engine's own words often name no file: the first that cannot be read alone is at fault.
    private static EngineException Unreadable(
        DuckDbSession session, ParquetCopies copies, string[] files, DuckDBException failure)
    {
        foreach (var file in files)
        {
            try
            {
                session.Execute($"SELECT count(*) FROM parquet_metadata({OpenSources.Literal(copies.LocalOf(file))})");
                session.Execute($"SELECT count(*) FROM parquet_schema({OpenSources.Literal(copies.LocalOf(file))})");
            }
            catch (DuckDBException e)
            {
                return new EngineException(
                    FailureKind.SourceUnavailable,
                    $"{file} cannot be read: {copies.NameOrigins(DuckDbErrors.ToFailure(e).Message)}",
                    ProblemCode.DatasetNotReadable.Word, failure);
            }
        }

        return new EngineException(
            FailureKind.SourceUnavailable,
            $"The {files.Length} Parquet files from {files[0]} on cannot be read together: "
            + $"{copies.NameOrigins(DuckDbErrors.ToFailure(failure).Message)}",
            ProblemCode.DatasetNotReadable.Word, failure);
    }

    private static SourceFile Describe(
        FileStamp file, List<RowGroup> groups, IReadOnlyList<ColumnSchema> own, IReadOnlyList<ColumnSchema> columns,
        bool hasChecksums)
    {
        var rows = groups.Sum(group => group.Rows);
        return new SourceFile
        {
            Stamp = file,
            Columns = own.SequenceEqual(columns) ? null : own,
            RowCount = rows,
            EstimatedRows = rows,
            RowGroups = groups,
            HasPageChecksums = hasChecksums,
            UncompressedBytes = file.Bytes,
            Splittable = true,
        };
    }
}
