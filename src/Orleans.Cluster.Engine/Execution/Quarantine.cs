using System.Security.Cryptography;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>Rows of one attempt that were set aside, with place and reason.</summary>
internal sealed class Quarantine(string folder, bool isDurable)
{
    private const string FileName = "quarantine.parquet";
    private readonly List<BadRow> _rows = [];

    public long Count => _rows.Count;

    public void Add(IEnumerable<BadRow> rows) => _rows.AddRange(rows);

    /// <summary>Writes them; null when there are none.</summary>
    public ArtifactFile? Write()
    {
        if (_rows.Count == 0)
        {
            return null;
        }

        var path = Path.Combine(folder, FileName);
        using (var connection = new DuckDBConnection("DataSource=:memory:"))
        {
            connection.Open();
            Execute(connection,
                "CREATE TABLE q (file VARCHAR, line BIGINT, \"byteOffset\" BIGINT, \"column\" VARCHAR, \"value\" VARCHAR, "
                + "\"expectedType\" VARCHAR, reason VARCHAR, raw VARCHAR)");
            using (var appender = connection.CreateAppender("q"))
            {
                foreach (var row in _rows.OrderBy(row => row.Path, StringComparer.Ordinal).ThenBy(row => row.Offset))
                {
                    appender.CreateRow()
                        .AppendValue(row.Path).AppendValue(row.Line).AppendValue(row.Offset).AppendValue(row.Column)
                        .AppendValue(row.Value).AppendValue(row.Expected).AppendValue(row.Reason).AppendValue(row.Raw).EndRow();
                }
            }

            Execute(connection, $"COPY q TO {SqlText.Literal(path)} (FORMAT parquet)");
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        var hash = Convert.ToHexStringLower(SHA256.HashData(stream));
        if (isDurable)
        {
            RandomAccess.FlushToDisk(stream.SafeFileHandle);
        }

        return new ArtifactFile(FileName, ArtifactFile.QuarantineTarget, Count, stream.Length, hash);
    }

    private static void Execute(DuckDBConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
