using System.Text;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>Latin-1 and Windows-1252 as UTF-8. Line ends, quotes and delimiters are the same bytes in all three.</summary>
internal sealed class SingleByteText
{
    private readonly byte[][] _utf8;

    private SingleByteText(Encoding encoding) =>
        _utf8 = [.. Enumerable.Range(0, 256).Select(b => Encoding.UTF8.GetBytes(encoding.GetString([(byte)b])))];

    /// <summary>The map for an encoding of a dialect; null when its bytes are UTF-8 already.</summary>
    public static SingleByteText? For(string encoding) => encoding switch
    {
        "latin-1" => new SingleByteText(Encoding.Latin1),
        "windows-1252" => new SingleByteText(CodePagesEncodingProvider.Instance.GetEncoding(1252)!),
        _ => null,
    };

    /// <summary>Appends a text as UTF-8.</summary>
    public void Append(ReadOnlySpan<byte> text, List<byte> output)
    {
        while (!text.IsEmpty)
        {
            var plain = text.IndexOfAnyInRange((byte)0x80, (byte)0xFF);
            output.AddRange(plain < 0 ? text : text[..plain]);
            if (plain < 0)
            {
                return;
            }

            output.AddRange(_utf8[text[plain]]);
            text = text[(plain + 1)..];
        }
    }
}
