using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Exchange;

/// <summary>
/// The one file that an attempt of an exchange writes: a header with the columns, then the rows ordered by target, in blocks of
/// columns. Header and blocks have a sum each, which begins with their attempt, so that a reader checks what it reads and nothing
/// else, and takes no other attempt's rows.
/// </summary>
internal static class ExchangeFile
{
    /// <summary>Its name in the attempt's folder.</summary>
    public const string Name = "exchange.rows";

    /// <summary>Rows of a block at most.</summary>
    public const int MostRows = 8192;

    /// <summary>Bytes of a block about, unless a row has more.</summary>
    public const long UsualBytes = 1 << 20;

    /// <summary>Bytes before the columns of a header.</summary>
    public const int PrefixBytes = 24;

    private const ulong Magic = 0x3153_574F_5258_434F;

    /// <summary>What sums of an attempt's file begin with.</summary>
    public static long SeedOf(AttemptId attempt) => (long)XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"{attempt}"));

    /// <summary>The header of a file.</summary>
    public static byte[] Header(IReadOnlyList<ColumnSchema> columns, long seed)
    {
        var text = JsonSerializer.SerializeToUtf8Bytes(columns);
        var header = new byte[PrefixBytes + text.Length];
        var prefix = new Prefix(Magic, text.Length, XxHash3.HashToUInt64(text, seed));
        MemoryMarshal.Write(header, prefix);
        text.CopyTo(header, PrefixBytes);
        return header;
    }

    /// <summary>The columns that a file has.</summary>
    /// <exception cref="EngineException">It is lost: gone, or not as it was committed.</exception>
    public static IReadOnlyList<ColumnSchema> ReadColumns(ArtifactRef artifact)
    {
        using var file = Open(artifact);
        var slice = artifact.Slice!;
        var bytes = new byte[slice.HeaderBytes];
        if (RandomAccess.GetLength(file) != slice.FileBytes || RandomAccess.Read(file, bytes, 0) != bytes.Length)
        {
            throw ArtifactCheck.Lost(artifact, "has another size than it had");
        }

        var prefix = MemoryMarshal.Read<Prefix>(bytes);
        var text = bytes.AsSpan(PrefixBytes);
        if (prefix.Magic != Magic || prefix.TextBytes != text.Length
            || prefix.Sum != XxHash3.HashToUInt64(text, SeedOf(artifact.Producer)))
        {
            throw ArtifactCheck.Different(artifact);
        }

        return JsonSerializer.Deserialize<IReadOnlyList<ColumnSchema>>(text)!;
    }

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="EngineException">It is gone.</exception>
    public static Microsoft.Win32.SafeHandles.SafeFileHandle Open(ArtifactRef artifact)
    {
        try
        {
            return File.OpenHandle(artifact.Path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw ArtifactCheck.Gone(artifact);
        }
    }

    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private readonly record struct Prefix(ulong Magic, long TextBytes, ulong Sum);
}

/// <summary>What is in front of a block.</summary>
/// <param name="Target">Whose rows they are.</param>
/// <param name="Rows">How many.</param>
/// <param name="Bytes">Bytes of the block behind this.</param>
/// <param name="Sum">Of what is before this in the header, and of the block.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal readonly record struct BlockHeader(int Target, int Rows, long Bytes, ulong Sum)
{
    /// <summary>Its size.</summary>
    public const int Size = 24;

    /// <summary>The header of a block.</summary>
    public static BlockHeader Of(int target, int rows, ReadOnlySpan<byte> block, long seed) =>
        new(target, rows, block.Length, SumOf(target, rows, block, seed));

    /// <summary>Whether a block is the one that this was written for.</summary>
    public bool Fits(ReadOnlySpan<byte> block, long seed) => Sum == SumOf(Target, Rows, block, seed);

    private static ulong SumOf(int target, int rows, ReadOnlySpan<byte> block, long seed) =>
        XxHash3.HashToUInt64(block, unchecked(seed + (((long)target << 32) | (uint)rows)));
}
