using System.Net;
using Microsoft.AspNetCore.Connections;
using Orleans.Runtime;
using Orleans.Serialization.Buffers;

namespace Orleans.Cluster.Silo.Transport;

/// <summary>
/// What the header of a message says about where it goes. It is read with Orleans' own reader, field by field as Orleans'
/// MessageSerializer does, so that both see the same; a version of Orleans with another layout would have every message refused.
/// </summary>
/// <param name="Direction">Request, response or one way.</param>
/// <param name="Flags">What else is set.</param>
/// <param name="Sender">Who gets the answer.</param>
/// <param name="Target">The grain, system target or client.</param>
/// <param name="Silo">Silo of the target, which a gateway heeds for system targets alone; null for none.</param>
/// <param name="Interface">Interface of the call; the default for none.</param>
internal sealed record MessageHeader(
    MessageDirection Direction, MessageFlags Flags, GrainId Sender, GrainId Target, SiloAddress? Silo,
    GrainInterfaceType Interface)
{
    /// <summary>
    /// Reads a whole header. What follows the fields that are judged (versions, the request's context) is left.
    /// </summary>
    /// <exception cref="ConnectionAbortedException">
    /// A name or address has a hash that is not its own; Orleans would keep it by that.
    /// </exception>
    /// <exception cref="Exception">It ends too early; the reader's own exceptions.</exception>
    public static MessageHeader Read(ReadOnlySpan<byte> bytes)
    {
        var reader = Reader.Create(bytes, null!);
        var packed = reader.ReadUInt32();
        reader.ReadInt64();
        var sender = ReadGrainId(ref reader);
        var target = ReadGrainId(ref reader);
        ReadSilo(ref reader);
        var silo = ReadSilo(ref reader);
        var flags = (MessageFlags)(packed & 0xFFFF);
        if (flags.HasFlag(MessageFlags.HasTimeToLive))
        {
            reader.ReadInt32();
        }

        return new MessageHeader(
            (MessageDirection)((packed >> 16) & 0xF), flags, sender, target, silo,
            flags.HasFlag(MessageFlags.HasInterfaceType) ? new GrainInterfaceType(ReadName(ref reader)) : default);
    }

    private static GrainId ReadGrainId(ref Reader<SpanReaderInput> reader)
    {
        var type = ReadName(ref reader);
        return new GrainId(new GrainType(type), ReadName(ref reader));
    }

    private static IdSpan ReadName(ref Reader<SpanReaderInput> reader)
    {
        var length = reader.ReadVarUInt32();
        if (length == 0)
        {
            return default;
        }

        var hash = reader.ReadInt32();
        var name = new IdSpan(ReadBytes(ref reader, length).ToArray());
        return name.GetHashCode() == hash ? name : throw new ConnectionAbortedException("A name has a wrong hash.");
    }

    private static SiloAddress? ReadSilo(ref Reader<SpanReaderInput> reader)
    {
        var length = reader.ReadVarUInt32();
        if (length == 0)
        {
            return null;
        }

        var inner = Reader.Create(ReadBytes(ref reader, length), null!);
        var hash = inner.ReadInt32();
        var address = new IPAddress(ReadBytes(ref inner, inner.ReadVarUInt32()));
        var silo = SiloAddress.New(address, (int)inner.ReadVarUInt32(), inner.ReadInt32());
        return silo.GetConsistentHashCode() == hash ? silo : throw new ConnectionAbortedException("An address has a wrong hash.");
    }

    // Asks for no memory before it knows that the bytes are there.
    private static ReadOnlySpan<byte> ReadBytes(ref Reader<SpanReaderInput> reader, uint length) =>
        length <= int.MaxValue && reader.TryReadBytes((int)length, out var bytes)
            ? bytes
            : throw new ConnectionAbortedException("A header ends too early.");
}

/// <summary>Directions of messages, as Orleans numbers them.</summary>
internal enum MessageDirection : byte
{
    None,
    Request,
    Response,
    OneWay,
}

/// <summary>Flags of messages, as Orleans numbers them.</summary>
[Flags]
internal enum MessageFlags : ushort
{
    None = 0,
    SystemMessage = 1 << 0,
    ReadOnly = 1 << 1,
    AlwaysInterleave = 1 << 2,
    Unordered = 1 << 3,
    HasRequestContextData = 1 << 4,
    HasInterfaceVersion = 1 << 5,
    HasInterfaceType = 1 << 6,
    HasCacheInvalidationHeader = 1 << 7,
    HasTimeToLive = 1 << 8,
    IsLocalOnly = 1 << 9,
    SuppressKeepAlive = 1 << 10,
}
