using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Orleans.Cluster.EngineTests.Formats;

/// <summary>Compressed files, as other programs write them.</summary>
internal static class Compressed
{
    private static ReadOnlySpan<byte> EndOfBlocks =>
        [0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF, 6, 0, 0x42, 0x43, 2, 0, 0x1B, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>One gzip member.</summary>
    public static byte[] Gzip(string text) => Gzip(Encoding.UTF8.GetBytes(text));

    /// <summary>BGZF with blocks of so many bytes of text, the sizes used in turn.</summary>
    public static byte[] Bgzf(ReadOnlySpan<byte> text, params int[] blockBytes)
    {
        using var file = new MemoryStream();
        for (var i = 0; !text.IsEmpty; i++)
        {
            var length = Math.Min(blockBytes[i % blockBytes.Length], text.Length);
            file.Write(Block(text[..length].ToArray()));
            text = text[length..];
        }

        file.Write(EndOfBlocks);
        return file.ToArray();
    }

    // A gzip member whose extra field says how long it is.
    private static byte[] Block(byte[] text)
    {
        var member = Gzip(text);
        byte[] block =
            [.. member.AsSpan(0, 3), 4, .. member.AsSpan(4, 6), 6, 0, (byte)'B', (byte)'C', 2, 0, 0, 0, .. member.AsSpan(10)];
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(16), (ushort)(block.Length - 1));
        return block;
    }

    private static byte[] Gzip(byte[] text)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionMode.Compress, leaveOpen: true))
        {
            gzip.Write(text);
        }

        return buffer.ToArray();
    }
}
