namespace Orleans.Cluster.Engine.Sources;

/// <summary>What the header of a Parquet page says of the bytes behind it.</summary>
/// <param name="HeaderBytes">Length of the header itself.</param>
/// <param name="PageBytes">Bytes of the page, as stored.</param>
/// <param name="Checksum">CRC-32 of these bytes; null where the writer left it out.</param>
internal readonly record struct ParquetPageHeader(int HeaderBytes, int PageBytes, uint? Checksum)
{
    private const int CompressedSizeField = 3;
    private const int ChecksumField = 4;
    private const int Int32Type = 5;

    // Page headers hold a few structures in each other; anything deeper is no header.
    private const int MaxDepth = 8;

    /// <summary>Reads a header in Thrift's compact form.</summary>
    /// <returns>Null when the bytes end before it does, or are none.</returns>
    public static ParquetPageHeader? Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new Reader(bytes);
        int? size = null;
        uint? checksum = null;
        var field = 0;
        while (reader.NextField(ref field, out var type))
        {
            switch (field, type)
            {
                case (CompressedSizeField, Int32Type):
                    size = (int)reader.Signed();
                    break;
                case (ChecksumField, Int32Type):
                    checksum = (uint)(int)reader.Signed();
                    break;
                default:
                    reader.Skip(type, MaxDepth);
                    break;
            }
        }

        return reader.IsBroken || size is not >= 0 ? null : new ParquetPageHeader(reader.Position, size.Value, checksum);
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;

        public int Position { get; private set; }

        public bool IsBroken { get; private set; }

        public bool NextField(ref int field, out int type)
        {
            var head = Byte();
            type = head & 15;
            if (IsBroken || head == 0)
            {
                return false;
            }

            field = head >> 4 is > 0 and var delta ? field + delta : (int)Signed();
            return !IsBroken;
        }

        public long Signed()
        {
            var value = Unsigned();
            return (long)(value >> 1) ^ -(long)(value & 1);
        }

        public void Skip(int type, int depth)
        {
            IsBroken |= depth == 0;
            switch (IsBroken ? 0 : type)
            {
                case 1 or 2:
                    break;
                case 3:
                    Take(1);
                    break;
                case 4 or 5 or 6:
                    Unsigned();
                    break;
                case 7:
                    Take(8);
                    break;
                case 8:
                    Take(Unsigned());
                    break;
                case 9 or 10:
                    SkipList(depth);
                    break;
                case 12:
                    for (var field = 0; NextField(ref field, out var inner);)
                    {
                        Skip(inner, depth - 1);
                    }

                    break;
                default:
                    IsBroken = true;
                    break;
            }
        }

        private void SkipList(int depth)
        {
            var head = Byte();
            var count = head >> 4 == 15 ? Unsigned() : (ulong)(head >> 4);
            for (ulong i = 0; i < count && !IsBroken; i++)
            {
                // Alone, a truth value is a byte of its own.
                Skip((head & 15) is 1 or 2 ? 3 : head & 15, depth - 1);
            }
        }

        private ulong Unsigned()
        {
            ulong value = 0;
            for (var shift = 0; shift < 64; shift += 7)
            {
                var part = Byte();
                value |= (ulong)(part & 127) << shift;
                if (part < 128)
                {
                    return value;
                }
            }

            IsBroken = true;
            return 0;
        }

        private int Byte()
        {
            if (Position >= _bytes.Length)
            {
                IsBroken = true;
                return 0;
            }

            return _bytes[Position++];
        }

        private void Take(ulong count)
        {
            IsBroken |= count > (ulong)(_bytes.Length - Position);
            Position += IsBroken ? 0 : (int)count;
        }
    }
}
