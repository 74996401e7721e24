using System.Buffers.Binary;

namespace Orleans.Cluster.EngineTests.Queries;

/// <summary>A struct of Thrift's compact protocol as it is written, whatever it means: fields by their numbers.</summary>
internal sealed class ThriftStruct
{
    /// <summary>Each has a type and a value, which is the bytes of a scalar, a list, or a struct.</summary>
    public SortedDictionary<int, (byte Type, object Value)> Fields { get; } = [];

    public ThriftStruct Struct(int field) => (ThriftStruct)Fields[field].Value;

    public IReadOnlyList<object> List(int field) => ((ThriftList)Fields[field].Value).Items;

    public byte[]? Binary(int field) => Fields.TryGetValue(field, out var found) ? (byte[])found.Value : null;

    public void SetBinary(int field, byte[]? value) => Set(field, ThriftReader.Binary, value);

    public void SetFlag(int field, bool value) =>
        Fields[field] = (value ? ThriftReader.True : ThriftReader.False, Array.Empty<byte>());

    private void Set(int field, byte type, byte[]? value)
    {
        if (value is null)
        {
            Fields.Remove(field);
        }
        else
        {
            Fields[field] = (type, value);
        }
    }
}

/// <summary>A list with the type of its items.</summary>
internal sealed record ThriftList(byte Type, List<object> Items);

/// <summary>Footers of Parquet files, to be written otherwise than any engine here writes them.</summary>
internal static class ThriftFooter
{
    /// <summary>Changes the footer of a file in place.</summary>
    public static void Change(string path, Action<ThriftStruct> change)
    {
        var bytes = File.ReadAllBytes(path);
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(bytes.Length - 8));
        var start = bytes.Length - 8 - length;
        var footer = new ThriftReader(bytes.AsMemory(start, length)).Struct();
        change(footer);
        var written = new MemoryStream();
        ThriftWriter.Struct(written, footer);
        var end = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(end, (int)written.Length);
        File.WriteAllBytes(path, [.. bytes.AsSpan(0, start), .. written.ToArray(), .. end, .. "PAR1"u8]);
    }
}

internal sealed class ThriftReader(ReadOnlyMemory<byte> bytes)
{
    public const byte True = 1;
    public const byte False = 2;
    public const byte Binary = 8;
    public const byte List = 9;
    public const byte Set = 10;
    public const byte Of = 12;
    private int at;

    public ThriftStruct Struct()
    {
        var read = new ThriftStruct();
        var field = 0;
        for (var head = bytes.Span[at++]; head != 0; head = bytes.Span[at++])
        {
            field = head >> 4 is > 0 and var delta ? field + delta : (int)ZigZag();
            read.Fields[field] = ((byte)(head & 15), Value((byte)(head & 15), isItem: false));
        }

        return read;
    }

    private object Value(byte type, bool isItem)
    {
        switch (type)
        {
            case True or False:
                return isItem ? Take(1) : Take(0);
            case 3:
                return Take(1);
            case 4 or 5 or 6:
                var start = at;
                Varint();
                return bytes[start..at].ToArray();
            case 7:
                return Take(8);
            case Binary:
                return Take((int)Varint());
            case List or Set:
                var head = bytes.Span[at++];
                var count = head >> 4 == 15 ? (int)Varint() : head >> 4;
                var items = Enumerable.Range(0, count).Select(_ => Value((byte)(head & 15), isItem: true));
                return new ThriftList((byte)(head & 15), [.. items]);
            case Of:
                return Struct();
            default:
                throw new NotSupportedException($"Type {type}.");
        }
    }

    private byte[] Take(int count)
    {
        at += count;
        return bytes.Slice(at - count, count).ToArray();
    }

    private long ZigZag() => Varint() is var value ? (long)(value >> 1) ^ -(long)(value & 1) : 0;

    private ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = bytes.Span[at++];
            value |= (ulong)(next & 127) << shift;
            if (next < 128)
            {
                return value;
            }
        }
    }
}

internal static class ThriftWriter
{
    public static void Struct(Stream target, ThriftStruct value)
    {
        var last = 0;
        foreach (var (field, (type, content)) in value.Fields)
        {
            if (field - last is > 0 and < 16)
            {
                target.WriteByte((byte)(((field - last) << 4) | type));
            }
            else
            {
                target.WriteByte(type);
                Varint(target, (ulong)(((long)field << 1) ^ ((long)field >> 63)));
            }

            last = field;
            Value(target, type, content);
        }

        target.WriteByte(0);
    }

    private static void Value(Stream target, byte type, object content)
    {
        switch (content)
        {
            case ThriftStruct inner:
                Struct(target, inner);
                break;
            case ThriftList list:
                target.WriteByte((byte)((Math.Min(list.Items.Count, 15) << 4) | list.Type));
                if (list.Items.Count >= 15)
                {
                    Varint(target, (ulong)list.Items.Count);
                }

                list.Items.ForEach(item => Value(target, list.Type, item));
                break;
            case byte[] bytes:
                if (type == ThriftReader.Binary)
                {
                    Varint(target, (ulong)bytes.Length);
                }

                target.Write(bytes);
                break;
        }
    }

    private static void Varint(Stream target, ulong value)
    {
        for (; value >= 128; value >>= 7)
        {
            target.WriteByte((byte)(value | 128));
        }

        target.WriteByte((byte)value);
    }
}
