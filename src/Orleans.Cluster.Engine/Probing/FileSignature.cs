namespace Orleans.Cluster.Engine.Probing;

/// <summary>Kinds of files that are no tables, by their first bytes. Text of any kind has none of these.</summary>
internal static class FileSignature
{
    private const int TarMark = 257;

    // Texts with a NUL now and then are legal; every second byte of UTF-16 is one where the text is mostly ASCII.
    private const int Utf16Looked = 512;
    private const double Utf16Share = 0.7;

    private static readonly (byte[] Start, string What)[] Known =
    [
        ("PK\u0003\u0004"u8.ToArray(), "a zip archive (an .xlsx workbook is one too). Save the table as CSV or Parquet"),
        ("PK\u0005\u0006"u8.ToArray(), "an empty zip archive"),
        ("SQLite format 3\0"u8.ToArray(), "an SQLite database. Export its table as CSV or Parquet"),
        ([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "an old Office document (.xls). Save the table as CSV"),
        ([0x89, (byte)'H', (byte)'D', (byte)'F', 0x0D, 0x0A, 0x1A, 0x0A], "an HDF5 file. Export its table as CSV or Parquet"),
        ([(byte)'7', (byte)'z', 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive. Unpack it"),
        ("Rar!\u001A\u0007"u8.ToArray(), "a RAR archive. Unpack it"),
        ("BZh"u8.ToArray(), "compressed with bzip2. Compress it with gzip, BGZF or zstd instead"),
        ([0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0x00],
            "compressed with xz. Compress it with gzip, BGZF or zstd instead"),
        ("%PDF-"u8.ToArray(), "a PDF document"),
        ([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A], "a PNG image"),
        ([0xFF, 0xD8, 0xFF], "a JPEG image"),
        ([0x7F, (byte)'E', (byte)'L', (byte)'F'], "a program (ELF)"),
        ("ORC"u8.ToArray(), "an ORC file. Convert it to Parquet"),
        ("ARROW1\0\0"u8.ToArray(), "an Arrow (Feather) file. Convert it to Parquet"),
        ("Obj\u0001"u8.ToArray(), "an Avro file. Convert it to Parquet"),
        ("PAR1"u8.ToArray(), "a Parquet file. Set its format to PARQUET or AUTO"),
        ([0x1F, 0x8B], "compressed twice. Unpack it once"),
        ("BAM\u0001"u8.ToArray(), "a BAM file"),
        ("BCF\u0002"u8.ToArray(), "a BCF file. Convert it to VCF"),
    ];

    /// <summary>What a file is, as the end of the sentence "the file is ..."; null for what may be text.</summary>
    /// <param name="head">First bytes, inflated where the file is compressed, and before any change of encoding.</param>
    public static string? Find(ReadOnlySpan<byte> head)
    {
        foreach (var (start, what) in Known)
        {
            // "ORC", "BZh" and such may begin a text too; no text has NULs or other control characters behind them.
            if (head.StartsWith(start)
                && (start.AsSpan().IndexOfAnyInRange((byte)0, (byte)8) >= 0 || start[0] >= 0x80 || HasControls(head)))
            {
                return what;
            }
        }

        return head.Length > TarMark + 5 && head.Slice(TarMark, 5).SequenceEqual("ustar"u8) ? "a tar archive. Unpack it" : null;
    }

    /// <summary>The UTF-16 encoding that a text without a byte order mark seems to have; null for none.</summary>
    public static string? FindUtf16(ReadOnlySpan<byte> head)
    {
        head = head[..(Math.Min(head.Length, Utf16Looked) & ~1)];
        var (even, odd) = (0, 0);
        for (var i = 0; i < head.Length; i += 2)
        {
            even += head[i] == 0 ? 1 : 0;
            odd += head[i + 1] == 0 ? 1 : 0;
        }

        var most = head.Length / 2 * Utf16Share;
        return head.Length < 4 ? null : odd >= most && even == 0 ? "utf-16le" : even >= most && odd == 0 ? "utf-16be" : null;
    }

    private static bool HasControls(ReadOnlySpan<byte> head)
    {
        var looked = head[..Math.Min(head.Length, Utf16Looked)];
        return looked.IndexOfAnyInRange((byte)0, (byte)8) >= 0 || looked.IndexOfAnyInRange((byte)0x0E, (byte)0x1A) >= 0;
    }
}
