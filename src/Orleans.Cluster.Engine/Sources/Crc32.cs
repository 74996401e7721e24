namespace Orleans.Cluster.Engine.Sources;

/// <summary>CRC-32 as gzip and Parquet have it, eight bytes at a time.</summary>
internal static class Crc32
{
    private const uint Polynomial = 0xEDB88320;
    private const int Tables = 8;

    private static readonly uint[][] Table = MakeTables();

    /// <summary>Goes on with a checksum; 0 to begin with.</summary>
    public static uint Append(uint checksum, ReadOnlySpan<byte> bytes)
    {
        var crc = ~checksum;
        while (bytes.Length >= Tables)
        {
            var low = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ crc;
            var high = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = Table[7][(byte)low] ^ Table[6][(byte)(low >> 8)] ^ Table[5][(byte)(low >> 16)] ^ Table[4][low >> 24]
                ^ Table[3][(byte)high] ^ Table[2][(byte)(high >> 8)] ^ Table[1][(byte)(high >> 16)] ^ Table[0][high >> 24];
            bytes = bytes[Tables..];
        }

        foreach (var value in bytes)
        {
            crc = Table[0][(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return ~crc;
    }

    private static uint[][] MakeTables()
    {
        var tables = new uint[Tables][];
        for (var t = 0; t < Tables; t++)
        {
            tables[t] = new uint[256];
            for (uint i = 0; i < 256; i++)
            {
                tables[t][i] = t == 0 ? Shift(i) : tables[0][(byte)tables[t - 1][i]] ^ (tables[t - 1][i] >> 8);
            }
        }

        return tables;
    }

    private static uint Shift(uint value)
    {
        for (var bit = 0; bit < 8; bit++)
        {
            value = (value & 1) != 0 ? (value >> 1) ^ Polynomial : value >> 1;
        }

        return value;
    }
}
