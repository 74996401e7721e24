using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Execution;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Sources;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>Schema and row groups of Parquet files, from their footers alone.</summary>
internal static class ParquetProbe
{
    // One call reads so many footers; more would only make its error harder to place.
    private const int Batch = 500;

    public static DatasetProbe Probe(ProbeRequest request, CancellationToken cancellationToken)
    {
        foreach (var file in request.Files)
        {
            SourceStreams.CheckStamp(file);
        }

        var alike = ParquetFooters.FindFirstAlike(request.Files, cancellationToken);
        var firsts = alike.Distinct().ToList();
        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with
        {
            Threads = Environment.ProcessorCount,
            MemoryBytes = 512L << 20,
            Files = firsts,
        });
        var groups = new Dictionary<string, List<RowGroup>>(StringComparer.Ordinal);
        var layouts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var files in firsts.Chunk(Batch))
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReadFooters(session, files, groups, layouts);
        }

        var schemas = layouts.GroupBy(pair => pair.Value, pair => pair.Key).ToDictionary(
            layout => layout.Key, layout => session.Describe($"SELECT * FROM read_parquet({SqlText.Literal(layout.First())}, hive_partitioning = false)"));
        foreach (var (file, first) in request.Files.Zip(alike).Where(pair => pair.First.Path != pair.Second))
        {
            layouts[file.Path] = layouts[first];
        }

        var hive = request.Files.Select(file => HiveFolders.Read(file.Path, request.Source.Options.HivePartitioning)).ToList();
        var columns = Union(request.Files, layouts, schemas, hive, request.Source.Options);
        return new DatasetProbe
        {
            Format = SourceFormat.Parquet,
            Columns = columns,
            Files = [.. request.Files.Select((file, i) => Describe(file, groups.GetValueOrDefault(alike[i]) ?? [], schemas[layouts[file.Path]], columns, hive[i]))],
        };
    }

    private static void ReadFooters(DuckDbSession session, string[] files, Dictionary<string, List<RowGroup>> groups, Dictionary<string, string> layouts)
    {
        var list = string.Join(", ", files.Select(SqlText.Literal));
        try
        {
            session.Read(
                $"SELECT file_name, row_group_id, any_value(row_group_num_rows), CAST(sum(total_compressed_size) AS BIGINT) FROM parquet_metadata([{list}]) GROUP BY ALL ORDER BY ALL",
                row =>
                {
                    var file = row.GetString(0);
                    (groups.TryGetValue(file, out var known) ? known : groups[file] = []).Add(
                        new RowGroup(row.GetInt64(2), row.GetInt64(3)));
                });
            session.Read(
                "SELECT file_name, md5(string_agg(concat_ws(':', name, type, type_length, repetition_type, num_children, converted_type, scale, precision, logical_type), '|')) "
                + $"FROM parquet_schema([{list}]) GROUP BY file_name",
                row => layouts[row.GetString(0)] = row.GetString(1));
        }
        catch (DuckDBException e)
        {
            throw new EngineException(
                FailureKind.SourceUnavailable, $"A Parquet file cannot be read: {DuckDbErrors.ToFailure(e).Message}", ErrorCode.DatasetNotReadable.Word, e);
        }
    }

    private static List<ColumnSchema> Union(
        IReadOnlyList<FileStamp> files, Dictionary<string, string> layouts, Dictionary<string, IReadOnlyList<ColumnSchema>> schemas,
        List<IReadOnlyDictionary<string, string>?> hive, SourceOptions options)
    {
        var order = new List<string>();
        var found = new Dictionary<string, (string Type, string Path)>(StringComparer.OrdinalIgnoreCase);
        foreach (var layout in files.DistinctBy(file => layouts[file.Path]))
        {
            foreach (var column in schemas[layouts[layout.Path]])
            {
                if (!found.TryGetValue(column.Name, out var before))
                {
                    order.Add(column.Name);
                    found[column.Name] = (column.Type, layout.Path);
                    continue;
                }

                var type = options.Columns?.GetValueOrDefault(column.Name) ?? TypeWidening.Widen(before.Type, column.Type);
                found[column.Name] = (type ?? throw new EngineException(
                    FailureKind.BadData,
                    $"Column '{column.Name}' is {before.Type} in {before.Path} and {column.Type} in {layout.Path}; no type holds both. Declare it in options.columns.",
                    ErrorCode.SchemaConflict.Word), before.Path);
            }
        }

        using var sniffer = new TypeSniffer();
        foreach (var name in hive.Where(values => values is not null).SelectMany(values => values!.Keys).Distinct().Where(name => !found.ContainsKey(name)))
        {
            order.Add(name);
            var values = hive.Select(folder => folder?.GetValueOrDefault(name)).Select(value => (IReadOnlyList<string?>)[value]).ToList();
            found[name] = (sniffer.Find(values, 1)[0] ?? "VARCHAR", "");
        }

        return [.. order.Select(name => new ColumnSchema(name, options.Columns?.GetValueOrDefault(name) ?? found[name].Type))];
    }

    private static SourceFile Describe(
        FileStamp file, List<RowGroup> groups, IReadOnlyList<ColumnSchema> own, List<ColumnSchema> columns, IReadOnlyDictionary<string, string>? hive)
    {
        var rows = groups.Sum(group => group.Rows);
        return new SourceFile
        {
            Stamp = file,
            Columns = own.SequenceEqual(columns) ? null : own,
            HiveValues = hive,
            RowCount = rows,
            EstimatedRows = rows,
            RowGroups = groups,
            UncompressedBytes = file.Bytes,
            Splittable = true,
        };
    }
}
