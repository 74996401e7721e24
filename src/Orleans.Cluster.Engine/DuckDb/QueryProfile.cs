using System.Globalization;
using System.Runtime.InteropServices;
using DuckDB.NET.Native;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>What a finished statement did: the rows of each scan of a file, and what it took.</summary>
/// <param name="Scans">One entry for each scan of a text file, in no order.</param>
/// <param name="PeakSpillBytes">Largest size of the spill folder.</param>
/// <param name="Operators">Every operator, parents before children.</param>
internal sealed record QueryProfile(IReadOnlyList<ScanProfile> Scans, long PeakSpillBytes, IReadOnlyList<OperatorCost> Operators)
{
    /// <summary>Operators that are kept of a statement; a plan with more is a generated one that nobody reads.</summary>
    private const int MaxOperators = 200;

    private const int MaxDetail = 120;

    /// <summary>Metrics that are gathered, as the engine's setting wants them.</summary>
    public const string Metrics =
        """{"OPERATOR_CARDINALITY":"true","OPERATOR_TYPE":"true","OPERATOR_TIMING":"true","EXTRA_INFO":"true","SYSTEM_PEAK_TEMP_DIR_SIZE":"true"}""";

    public static QueryProfile Read(DuckDBNativeConnection connection)
    {
        var root = NativeProfile.GetProfilingInfo(connection);
        if (root == 0)
        {
            return new QueryProfile([], 0, []);
        }

        var scans = new List<ScanProfile>();
        Collect(root, scans);
        var operators = new List<OperatorCost>();
        CollectOperators(root, null, operators);
        return new QueryProfile(scans, ParseNumber(NativeProfile.Value(root, "SYSTEM_PEAK_TEMP_DIR_SIZE")), operators);
    }

    private static void Collect(nint info, List<ScanProfile> scans)
    {
        if (NativeProfile.Value(info, "OPERATOR_TYPE") == "TABLE_SCAN")
        {
            scans.Add(new ScanProfile(NativeProfile.Value(info, "EXTRA_INFO")
                ?? "", ParseNumber(NativeProfile.Value(info, "OPERATOR_CARDINALITY"))));
        }

        for (nuint i = 0; i < NativeProfile.ChildCount(info); i++)
        {
            Collect(NativeProfile.Child(info, i), scans);
        }
    }

    /// <returns>Rows that the operators here made.</returns>
    private static long CollectOperators(nint info, int? parent, List<OperatorCost> operators)
    {
        var name = NativeProfile.Value(info, "OPERATOR_TYPE");
        var place = operators.Count;
        var isOperator = !string.IsNullOrEmpty(name) && name != "INVALID" && place < MaxOperators;
        if (isOperator)
        {
            operators.Add(new OperatorCost(
                parent, name!, ShortOf(NativeProfile.Value(info, "EXTRA_INFO")),
                ParseSeconds(NativeProfile.Value(info, "OPERATOR_TIMING")), 0,
                ParseNumber(NativeProfile.Value(info, "OPERATOR_CARDINALITY"))));
        }

        var rows = 0L;
        for (nuint i = 0; i < NativeProfile.ChildCount(info); i++)
        {
            rows += CollectOperators(NativeProfile.Child(info, i), isOperator ? place : parent, operators);
        }

        if (isOperator)
        {
            operators[place] = operators[place] with { RowsIn = rows };
            return operators[place].RowsOut;
        }

        return rows;
    }

    // Of the engine's note {'Key'='value', ...}, without the names of files, which are the partition's and not the stage's.
    private static string? ShortOf(string? note)
    {
        if (string.IsNullOrWhiteSpace(note) || note is "{}" || note.Contains("Filename(s)", StringComparison.Ordinal))
        {
            return null;
        }

        var text = string.Join(
            ", ", note.Trim('{', '}').Split(", ").Where(part => !part.StartsWith("__estimated", StringComparison.Ordinal))
                .Select(part => part.StartsWith("__", StringComparison.Ordinal)
                    ? part[(part.IndexOf('=', StringComparison.Ordinal) + 1)..] : part));
        if (text.Length == 0)
        {
            return null;
        }

        return text.Length > MaxDetail ? text[..(MaxDetail - 1)] + "…" : text;
    }

    private static double ParseSeconds(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) ? seconds : 0;

    private static long ParseNumber(string? text) =>
        long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var n) ? n : 0;

    private static class NativeProfile
    {
        [DllImport("duckdb", EntryPoint = "duckdb_get_profiling_info")]
        public static extern nint GetProfilingInfo(DuckDBNativeConnection connection);

        [DllImport("duckdb", EntryPoint = "duckdb_profiling_info_get_child_count")]
        public static extern nuint ChildCount(nint info);

        [DllImport("duckdb", EntryPoint = "duckdb_profiling_info_get_child")]
        public static extern nint Child(nint info, nuint index);

        [DllImport("duckdb", EntryPoint = "duckdb_profiling_info_get_value")]
        private static extern nint GetValue(nint info, [MarshalAs(UnmanagedType.LPUTF8Str)] string key);

        [DllImport("duckdb", EntryPoint = "duckdb_get_varchar")]
        private static extern nint GetVarchar(nint value);

        [DllImport("duckdb", EntryPoint = "duckdb_destroy_value")]
        private static extern void DestroyValue(ref nint value);

        [DllImport("duckdb", EntryPoint = "duckdb_free")]
        private static extern void Free(nint pointer);

        public static string? Value(nint info, string key)
        {
            var value = GetValue(info, key);
            if (value == 0)
            {
                return null;
            }

            var text = GetVarchar(value);
            var result = Marshal.PtrToStringUTF8(text);
            Free(text);
            DestroyValue(ref value);
            return result;
        }
    }
}

/// <summary>A scan and the rows that it made. The description names the file.</summary>
internal sealed partial record ScanProfile(string Description, long Rows)
{
    private const string Files = "'Filename(s)'=";

    /// <summary>
    /// Whether it is one of Parquet that read more than the numbers of rows: a column of the result, or of a filter.
    /// </summary>
    public bool ReadsParquetColumns => Description.Contains("READ_PARQUET", StringComparison.Ordinal)
        && (!Description.Contains("Projections=''", StringComparison.Ordinal)
            || FilterOfColumn().IsMatch(RowNumbers().Replace(Description, "")));

    /// <summary>Whether this one file was scanned. A path that only begins with it is another file.</summary>
    public bool Reads(string path)
    {
        var start = Description.IndexOf(Files, StringComparison.Ordinal);
        var file = start < 0 ? default : Description.AsSpan(start + Files.Length).Trim("{}'");
        return file.SequenceEqual(path);
    }

    [System.Text.RegularExpressions.GeneratedRegex(@"Filters=['\sAND]*[^\s',}AND]")]
    private static partial System.Text.RegularExpressions.Regex FilterOfColumn();

    [System.Text.RegularExpressions.GeneratedRegex(@"\(?file_row_number\s*[<>=]+\s*\d+\)?")]
    private static partial System.Text.RegularExpressions.Regex RowNumbers();
}
