using System.Globalization;
using System.Text.Json;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Export;

/// <summary>Writes a page of result rows as a client asked for them.</summary>
internal static class RowExporter
{
    // Larger integers are no JSON numbers for clients that read numbers as doubles.
    private const long LargestExact = 1L << 53;

    private static readonly HashSet<string> Integers = new(StringComparer.Ordinal)
    {
        "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER",
    };

    public static ExportedRows Export(ExportRequest request, CancellationToken cancellationToken)
    {
        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with
        {
            MemoryBytes = 512L << 20,
            Folders = [Path.GetDirectoryName(request.TargetPath)!],
            Files = [.. request.Files.Select(file => file.Path)],
        });
        var total = request.Files.Sum(file => file.Rows);
        var rows = Math.Max(0, Math.Min(total - request.Offset, request.Limit ?? long.MaxValue));
        var page = $"SELECT {SqlText.Names(request.Columns.Select(column => column.Name))} FROM ({Source(request)}) LIMIT {rows} OFFSET {request.Offset}";
        var target = SqlText.Literal(request.TargetPath);
        switch (request.Format)
        {
            case ExportFormat.Csv:
                session.Execute($"COPY ({page}) TO {target} (FORMAT csv, HEADER true)", cancellationToken);
                break;
            case ExportFormat.Parquet:
                session.Execute($"COPY ({page}) TO {target} (FORMAT parquet, COMPRESSION zstd)", cancellationToken);
                break;
            default:
                WriteJson(session, request, page, total, cancellationToken);
                break;
        }

        return new ExportedRows(rows, total);
    }

    private static string Source(ExportRequest request)
    {
        if (request.Files.Count == 0)
        {
            return $"SELECT {string.Join(", ", request.Columns.Select(column => $"CAST(NULL AS {column.Type}) AS {SqlText.Name(column.Name)}"))} WHERE false";
        }

        var files = string.Join(", ", request.Files.Select(file => SqlText.Literal(file.Path)));
        var types = string.Join(", ", request.Columns.Select(column => $"{SqlText.Literal(column.Name)}: {SqlText.Literal(column.Type)}"));
        return request.SourceFormat switch
        {
            OutputFormat.Parquet => $"SELECT * FROM read_parquet([{files}], hive_partitioning = false)",
            OutputFormat.Ndjson => $"SELECT * FROM read_json([{files}], format = 'newline_delimited', columns = {{{types}}})",
            OutputFormat.Tsv => $"SELECT * FROM read_csv([{files}], columns = {{{types}}}, auto_detect = false, header = true, delim = '\t', quote = '\"', escape = '\"')",
            _ => $"SELECT * FROM read_csv([{files}], columns = {{{types}}}, auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"')",
        };
    }

    private static void WriteJson(DuckDbSession session, ExportRequest request, string page, long total, CancellationToken cancellationToken)
    {
        using var file = new FileStream(request.TargetPath, FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 16);
        using var json = new Utf8JsonWriter(file, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WritePropertyName("columns");
        JsonSerializer.Serialize(json, request.Columns, WireJson.Options);
        json.WriteStartArray("rows");
        var cells = string.Join(", ", request.Columns.Select(column => $"{Expression(column)} AS {SqlText.Name(column.Name)}"));
        session.Read(
            $"SELECT {cells} FROM ({page})",
            row =>
            {
                json.WriteStartArray();
                for (var i = 0; i < request.Columns.Count; i++)
                {
                    WriteCell(json, row, i, request.Columns[i].Type);
                }

                json.WriteEndArray();
            },
            cancellationToken);
        json.WriteEndArray();
        json.WriteNumber("totalRows", total);
        json.WriteEndObject();
    }

    // What .NET has no exact value for comes as the text that JSON gets.
    private static string Expression(ColumnSchema column)
    {
        var name = SqlText.Name(column.Name);
        return column.Type switch
        {
            var type when Integers.Contains(type) => $"CAST({name} AS BIGINT)",
            "DOUBLE" or "FLOAT" => $"CAST({name} AS DOUBLE)",
            "BOOLEAN" => name,
            "TIMESTAMP" or "TIMESTAMP_S" or "TIMESTAMP_MS" or "TIMESTAMP_NS" => $"replace(CAST({name} AS VARCHAR), ' ', 'T')",
            "TIMESTAMP WITH TIME ZONE" => $"strftime({name}, '%Y-%m-%dT%H:%M:%S.%fZ')",
            "BLOB" => $"base64({name})",
            var type when IsNested(type) => $"CAST(to_json({name}) AS VARCHAR)",
            _ => $"CAST({name} AS VARCHAR)",
        };
    }

    private static bool IsNested(string type) =>
        type.EndsWith(']') || type.StartsWith("STRUCT", StringComparison.Ordinal) || type.StartsWith("MAP", StringComparison.Ordinal)
        || type.StartsWith("UNION", StringComparison.Ordinal) || type == "JSON";

    private static void WriteCell(Utf8JsonWriter json, DuckDBDataReader row, int index, string type)
    {
        if (row.IsDBNull(index))
        {
            json.WriteNullValue();
        }
        else if (Integers.Contains(type))
        {
            WriteInteger(json, row.GetInt64(index));
        }
        else if (type is "DOUBLE" or "FLOAT")
        {
            WriteDouble(json, row.GetDouble(index));
        }
        else if (type == "BOOLEAN")
        {
            json.WriteBooleanValue(row.GetBoolean(index));
        }
        else if (IsNested(type))
        {
            json.WriteRawValue(row.GetString(index), skipInputValidation: true);
        }
        else
        {
            json.WriteStringValue(row.GetString(index));
        }
    }

    private static void WriteInteger(Utf8JsonWriter json, long value)
    {
        if (value is > LargestExact or < -LargestExact)
        {
            json.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
            return;
        }

        json.WriteNumberValue(value);
    }

    private static void WriteDouble(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumberValue(value);
            return;
        }

        json.WriteStringValue(double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    }
}
