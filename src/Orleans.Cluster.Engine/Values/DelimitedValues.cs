using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Values;

/// <summary>
/// Values in delimited text of the product's own: those of the engine's casts, and JSON where they are nested. NULL is an empty
/// field without quotes, the empty text one in quotes.
/// </summary>
internal static class DelimitedValues
{
    // A longer row of an output cannot be read back. The engine keeps as many such buffers as there are files open.
    private const string Lines = "max_line_size = 16777216, buffer_size = 33554432";

    /// <summary>What is written of a column.</summary>
    public static string Written(ColumnSchema column)
    {
        var (name, type) = (SqlText.Name(column.Name), ColumnType.Parse(column.Type));
        return type.IsNested || type.Name == "JSON" ? $"{JsonValues.Text(name, type)} AS {name}" : name;
    }

    /// <summary>What is read back of a column.</summary>
    public static string Value(ColumnSchema column)
    {
        var (name, type) = (SqlText.Name(column.Name), ColumnType.Parse(column.Type));
        return type.IsNested
            ? $"{JsonValueReader.Value($"CAST({name} AS JSON)", type)} AS {name}"
            : $"CAST({name} AS {column.Type}) AS {name}";
    }

    /// <summary>A table expression over files: all columns as text.</summary>
    public static string Read(string files, IReadOnlyList<ColumnSchema> columns, OutputFormat format, string more = "") =>
        $"read_csv({files}, columns = {{"
        + $"{string.Join(", ", columns.Select(column => $"{SqlText.Literal(column.Name)}: 'VARCHAR'"))}}}, "
        + $"auto_detect = false, header = true, delim = {(format == OutputFormat.Tsv ? "'\t'" : "','")}, quote = '\"', escape = "
        + "'\"', "
        + $"nullstr = '', allow_quoted_nulls = false, hive_partitioning = false, {Lines}{more})";

    /// <summary>A table expression over files of lines, as the column <c>line</c>.</summary>
    public static string ReadLines(string files, string more = "") =>
        "read_csv(" + files
        + ", columns = {'line': 'VARCHAR'}, auto_detect = false, header = false, delim = e'\\x01', quote = '', escape = '', "
        + $"hive_partitioning = false, {Lines}{more})";
}
