using System.Text;
using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Engine.Export;

/// <summary>The JSON document of <c>/result</c>, put together from rows of the elements of one array a line.</summary>
internal static class JsonDocumentText
{
    private const int BufferBytes = 64 << 10;

    /// <summary>Writes a document.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="columns">Columns of the rows.</param>
    /// <param name="parts">
    /// Files of lines, each with some of the elements of every row, in the columns' order. JSON text has line breaks nowhere but
    /// between rows.
    /// </param>
    /// <param name="totalRows">Rows of the whole result.</param>
    public static void Write(Stream target, IReadOnlyList<ColumnSchema> columns, IReadOnlyList<string> parts, long totalRows)
    {
        target.Write(Encoding.UTF8.GetBytes($"{{\"columns\":{JsonSerializer.Serialize(columns, WireJson.Options)},\"rows\":["));
        var readers = parts.Select(part => new LineReader(File.OpenRead(part))).ToList();
        try
        {
            for (var row = 0L; readers.Count > 0 && readers[0].HasMore(); row++)
            {
                target.Write(row == 0 ? "["u8 : ",["u8);
                for (var part = 0; part < readers.Count; part++)
                {
                    target.Write(part == 0 ? ""u8 : ","u8);
                    readers[part].CopyLine(target);
                }

                target.Write("]"u8);
            }
        }
        finally
        {
            readers.ForEach(reader => reader.Dispose());
        }

        target.Write(Encoding.UTF8.GetBytes($"],\"totalRows\":{totalRows}}}"));
    }

    private sealed class LineReader(Stream file) : IDisposable
    {
        private readonly byte[] buffer = new byte[BufferBytes];
        private int position;
        private int end;

        public bool HasMore()
        {
            if (position == end)
            {
                (position, end) = (0, file.Read(buffer));
            }

            return position < end;
        }

        public void CopyLine(Stream target)
        {
            while (HasMore())
            {
                var text = buffer.AsSpan(position, end - position);
                var line = text.IndexOf((byte)'\n');
                target.Write(line < 0 ? text : text[..line]);
                position += line < 0 ? text.Length : line + 1;
                if (line >= 0)
                {
                    return;
                }
            }
        }

        public void Dispose() => file.Dispose();
    }
}
