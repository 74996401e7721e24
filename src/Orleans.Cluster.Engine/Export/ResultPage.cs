using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Export.Arrow;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Engine.Values;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Export;

/// <summary>A page of a result as a query: of its files, as they were written, those that hold rows of the page.</summary>
internal sealed class ResultPage
{
    private const string Path = OwnName.Prefix + "path";

    // Rows of a piece: four groups, as the engine writes them. A piece of other groups is right too; it only reads some twice.
    private const long PieceRows = 4 * 122_880;

    private readonly ExportRequest _request;
    private readonly IReadOnlyList<ColumnSchema> _fileColumns;
    private readonly IReadOnlyList<ArtifactRef> _files;
    private readonly long _skipped;
    private readonly Func<string, string> _localOf;

    /// <param name="request">The page.</param>
    /// <param name="localOf">The file of this machine for a path: its own, or what was brought of an object.</param>
    public ResultPage(ExportRequest request, Func<string, string> localOf)
    {
        (_request, _localOf) = (request, localOf);
        (Rows, TotalRows) = request.CountRows();
        _fileColumns =
            [.. request.Columns.Where(column => !request.FolderColumns.Contains(column.Name, StringComparer.OrdinalIgnoreCase))];
        var files = new List<ArtifactRef>();
        var at = 0L;
        foreach (var file in request.Files)
        {
            if (at + file.Rows <= request.Offset)
            {
                _skipped += file.Rows;
            }
            else if (at < request.Offset + Rows)
            {
                files.Add(file);
            }

            at += file.Rows;
        }

        _files = files;
    }

    /// <summary>Rows of the page.</summary>
    public long Rows { get; }

    /// <summary>Rows of the result.</summary>
    public long TotalRows { get; }

    /// <summary>The files that are read.</summary>
    public IEnumerable<string> Files => _files.Select(file => OpenSources.Name(_localOf(file.Path)));

    /// <summary>
    /// Whether each file is read by ranges of its rows, as <see cref="Ranges"/> has them, and nothing before or behind them.
    /// </summary>
    public bool IsOfRanges => HasRowNumbers && _files.Any(file => ObjectGrant.IsObject(file.Path));

    /// <summary>The rows of each file that are the page's, in its order.</summary>
    public IEnumerable<(ArtifactRef File, long Start, long End)> Ranges()
    {
        var (left, skip) = (Rows, _request.Offset - _skipped);
        foreach (var file in _files.Where(file => file.Rows > 0))
        {
            var end = Math.Min(skip + left, file.Rows);
            yield return (file, skip, end);
            (left, skip) = (left - (end - skip), 0);
        }
    }

    /// <summary>The query, its columns in the result's order under the result's types.</summary>
    public string Sql() => Sql(_request.Columns);

    /// <summary>Holds all rows that were written against those of the page.</summary>
    /// <exception cref="EngineException">There are more rows, or fewer.</exception>
    public void Check(long written) => PagePiece.Check(written, Rows);

    /// <summary>
    /// The page in pieces that can be read at once, in its order: some groups of rows of a Parquet file, the whole of another,
    /// or several small files.
    /// </summary>
    public IReadOnlyList<PagePiece> Pieces()
    {
        var pieces = new List<PagePiece>();
        var (small, smallRows) = (new List<ArtifactRef>(), 0L);
        foreach (var (file, skip, end) in Ranges())
        {
            var isSmall = skip == 0 && end == file.Rows && file.Rows < PieceRows;
            if (!isSmall || smallRows + file.Rows > PieceRows)
            {
                AddSmall();
            }

            if (isSmall)
            {
                small.Add(file);
                smallRows += file.Rows;
            }
            else
            {
                pieces.AddRange(HasRowNumbers
                    ? Pieces(file, skip, end)
                    : [new PagePiece(Sql(_request.Columns, [file], end - skip, skip), end - skip)]);
            }
        }

        AddSmall();
        return pieces;

        void AddSmall()
        {
            if (small.Count > 0)
            {
                pieces.Add(new PagePiece(Sql(_request.Columns, [.. small], smallRows, 0), smallRows));
                (small, smallRows) = ([], 0);
            }
        }
    }

    private IEnumerable<PagePiece> Pieces(ArtifactRef file, long start, long end)
    {
        while (start < end)
        {
            var next = Math.Min(end, ((start / PieceRows) + 1) * PieceRows);
            yield return new PagePiece(Sql(_request.Columns, file, start, next), next - start);
            start = next;
        }
    }

    // The last has no end, so that rows behind it are noticed.
    private string Sql(IReadOnlyList<ColumnSchema> wanted, ArtifactRef file, long start, long end)
    {
        var until = end == file.Rows ? "" : $" AND {ParquetSql.RowNumber} < {end}";
        return $"{Select(wanted, [file], $", {ParquetSql.RowNumber} = true")} WHERE {ParquetSql.RowNumber} >= {start}{until}";
    }

    /// <summary>The query for some of the columns.</summary>
    public string Sql(IReadOnlyList<ColumnSchema> wanted)
    {
        if (Rows == 0)
        {
            var none = wanted.Select(column => $"CAST(NULL AS {column.Type}) AS {SqlText.Name(column.Name)}");
            return $"SELECT {string.Join(", ", none)} WHERE false";
        }

        return IsOfRanges ? SqlOfRanges(wanted) : Sql(wanted, _files, Rows, _request.Offset - _skipped);
    }

    // Of an object there is what the page needs and nothing else, so that no statement may look at more. Files that are whole
    // stand together.
    private string SqlOfRanges(IReadOnlyList<ColumnSchema> wanted)
    {
        var ranges = Ranges().ToList();
        var whole = ranges.Where(range => range.Start == 0 && range.End == range.File.Rows).Select(range => range.File).ToList();
        var parts = ranges.TakeWhile(range => range.Start > 0).Select(range => Sql(wanted, range.File, range.Start, range.End))
            .Concat(whole.Count > 0 ? [Select(wanted, whole, "")] : [])
            .Concat(ranges.Where(range => range.Start == 0 && range.End < range.File.Rows)
                .Select(range => Sql(wanted, range.File, range.Start, range.End)));
        return string.Join(" UNION ALL ", parts);
    }

    // A column of this name hides the engine's numbers.
    private bool HasRowNumbers => _request.SourceFormat == OutputFormat.Parquet
        && !ParquetSql.HidesRowNumbers(_request.Columns);

    private string Sql(IReadOnlyList<ColumnSchema> wanted, IReadOnlyList<ArtifactRef> files, long rows, long skip)
    {
        // The engine reads the files twice for the rows of a limit of a million or fewer, to look for their places first.
        var part = skip == 0 && rows == files.Sum(file => file.Rows) ? "" : $" LIMIT {rows} OFFSET {skip}";
        return Select(wanted, files, "") + part;
    }

    private string Select(IReadOnlyList<ColumnSchema> wanted, IReadOnlyList<ArtifactRef> files, string more)
    {
        var columns = string.Join(", ", wanted.Select(Column));
        var paths = $"[{string.Join(", ", files.Select(file => OpenSources.Literal(_localOf(file.Path))))}]";
        var folders = _request.FolderColumns.Count == 0 ? "" : $" JOIN {FolderValues(files)} ON {OwnName.Prefix}file = {Path}";
        return $"SELECT {columns} FROM {Read(paths, more)} AS f{folders}";
    }

    private string Read(string paths, string options)
    {
        var more = options + Codec() + (_request.FolderColumns.Count == 0 ? "" : $", filename = '{Path}'");
        return _request.SourceFormat switch
        {
            OutputFormat.Parquet => $"read_parquet({paths}, hive_partitioning = false{more})",
            OutputFormat.Ndjson => DelimitedValues.ReadLines(paths, more),
            var format => DelimitedValues.Read(paths, _fileColumns, format, more),
        };
    }

    // The name of a descriptor has no ending that would tell it.
    private string Codec() => _request.SourceFormat == OutputFormat.Parquet || _request.Files.Count == 0 ? ""
        : System.IO.Path.GetExtension(_request.Files[0].Path) switch
        {
            ".gz" => ", compression = 'gzip'",
            ".zst" => ", compression = 'zstd'",
            _ => "",
        };

    private string Column(ColumnSchema column)
    {
        var name = SqlText.Name(column.Name);
        var folder = _request.FolderColumns.ToList()
            .FindIndex(key => string.Equals(key, column.Name, StringComparison.OrdinalIgnoreCase));
        return folder >= 0 ? $"CAST({OwnName.Prefix}value{folder} AS {column.Type}) AS {name}" : _request.SourceFormat switch
        {
            OutputFormat.Parquet => $"CAST({name} AS {column.Type}) AS {name}",
            OutputFormat.Ndjson => $"{JsonValueReader.Field("line", column.Name, ColumnType.Parse(column.Type))} AS {name}",
            _ => DelimitedValues.Value(column),
        };
    }

    private string FolderValues(IReadOnlyList<ArtifactRef> files)
    {
        var rows = files.Select(file =>
            $"({OpenSources.Literal(_localOf(file.Path))}, "
            + $"{string.Join(", ", Values(file).Select(value => value is null ? "NULL" : SqlText.Literal(value)))})");
        return $"(VALUES {string.Join(", ", rows)}) AS v({OwnName.Prefix}file, "
            + $"{string.Join(", ", _request.FolderColumns.Select((_, i) => $"{OwnName.Prefix}value{i}"))})";
    }

    private IEnumerable<string?> Values(ArtifactRef file)
    {
        var folders = (System.IO.Path.GetDirectoryName(file.Path) ?? "").Split('/', '\\');
        return folders[^_request.FolderColumns.Count..].Select(folder => FolderName.Read(folder) is { } found
            ? found.Value
            : throw new EngineException(
                FailureKind.Internal, $"{file.Path} is not in a folder of the values of output.partitionBy."));
    }
}
