using System.Buffers;
using System.Buffers.Binary;
using Microsoft.AspNetCore.Connections;
using Orleans.Cluster.Gateway.Requests;

namespace Orleans.Cluster.Silo.Transport;

/// <summary>
/// Cuts what comes from a client into its messages, and has the header of each judged before a byte of it goes on:
/// <code>
/// length, preamble; then { length of header, length of body, header, body } ...
/// </code>
/// </summary>
/// <param name="mayPass">Judges a header; false leaves its message out, an exception ends the connection.</param>
internal sealed class ClientFrames(Func<MessageHeader, bool> mayPass)
{
    /// <summary>The largest body: a request with what Orleans adds, bytes.</summary>
    public const int MostOfABody = GatewayLimits.BodyBytes + MostOfAHeader;

    /// <summary>The largest header, bytes.</summary>
    public const int MostOfAHeader = 64 * 1024;

    private const int MostOfThePreamble = 1024;
    private const int Lengths = 2 * sizeof(int);

    private long left;
    private bool hasBegun;
    private bool passes;

    /// <summary>
    /// How many of the bytes to take, which follow those taken before, and whether they go on. None to take: there must be more
    /// of them first.
    /// </summary>
    /// <exception cref="ConnectionAbortedException">What comes is no message that may pass.</exception>
    public (long Count, bool Pass) Next(in ReadOnlySequence<byte> bytes)
    {
        if (left == 0)
        {
            left = hasBegun ? Message(bytes) : Preamble(bytes);
            hasBegun |= left > 0;
        }

        var count = Math.Min(left, bytes.Length);
        left -= count;
        return (count, passes);
    }

    private long Preamble(in ReadOnlySequence<byte> bytes)
    {
        Span<byte> start = stackalloc byte[sizeof(int)];
        if (bytes.Length < start.Length)
        {
            return 0;
        }

        bytes.Slice(0, start.Length).CopyTo(start);
        passes = true;
        return sizeof(int) + Checked(BinaryPrimitives.ReadInt32LittleEndian(start), MostOfThePreamble);
    }

    private long Message(in ReadOnlySequence<byte> bytes)
    {
        Span<byte> start = stackalloc byte[Lengths];
        if (bytes.Length < start.Length)
        {
            return 0;
        }

        bytes.Slice(0, start.Length).CopyTo(start);
        var header = Checked(BinaryPrimitives.ReadInt32LittleEndian(start), MostOfAHeader);
        var body = Checked(BinaryPrimitives.ReadInt32LittleEndian(start[sizeof(int)..]), MostOfABody);
        if (bytes.Length < Lengths + header)
        {
            return 0;
        }

        passes = mayPass(MessageHeader.Read(bytes.Slice(Lengths, header).ToArray()));
        return Lengths + header + body;
    }

    private static int Checked(int length, int most) => length >= 0 && length <= most
        ? length
        : throw new ConnectionAbortedException($"It sent {(uint)length} bytes where {most} is the most.");
}
