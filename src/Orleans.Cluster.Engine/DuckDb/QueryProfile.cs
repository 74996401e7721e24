using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using DuckDB.NET.Native;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>What a finished statement did: the rows of each scan of a file, and what it took.</summary>
/// <param name="Scans">One entry for each scan of a text file, in no order.</param>
/// <param name="PeakSpillBytes">Largest size of the spill folder.</param>
internal sealed record QueryProfile(IReadOnlyList<ScanProfile> Scans, long PeakSpillBytes)
{
    /// <summary>Metrics that are gathered, as the engine's setting wants them.</summary>
    public const string Metrics =
        """{"OPERATOR_CARDINALITY":"true","OPERATOR_TYPE":"true","EXTRA_INFO":"true","SYSTEM_PEAK_TEMP_DIR_SIZE":"true"}""";

    public static QueryProfile Read(DuckDBNativeConnection connection)
    {
        var root = NativeProfile.GetProfilingInfo(connection);
        if (root == 0)
        {
            return new QueryProfile([], 0);
        }

        var scans = new List<ScanProfile>();
        Collect(root, scans);
        return new QueryProfile(scans, ParseNumber(NativeProfile.Value(root, "SYSTEM_PEAK_TEMP_DIR_SIZE")));
    }

    private static void Collect(nint info, List<ScanProfile> scans)
    {
        if (NativeProfile.Value(info, "OPERATOR_TYPE") == "TABLE_SCAN")
        {
            scans.Add(new ScanProfile(NativeProfile.Value(info, "EXTRA_INFO") ?? "", ParseNumber(NativeProfile.Value(info, "OPERATOR_CARDINALITY"))));
        }

        for (nuint i = 0; i < NativeProfile.ChildCount(info); i++)
        {
            Collect(NativeProfile.Child(info, i), scans);
        }
    }

    private static long ParseNumber(string? text) => long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var n) ? n : 0;

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

    /// <summary>Whether it is one of Parquet that read more than the numbers of rows: a column of the result, or of a filter.</summary>
    public bool ReadsParquetColumns => Description.Contains("READ_PARQUET", StringComparison.Ordinal)
        && (!Description.Contains("Projections=''", StringComparison.Ordinal) || FilterOfColumn().IsMatch(RowNumbers().Replace(Description, "")));

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
