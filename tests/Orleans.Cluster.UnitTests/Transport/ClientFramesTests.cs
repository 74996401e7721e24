using System.Buffers;
using System.Buffers.Binary;
using Microsoft.AspNetCore.Connections;
using Orleans.Cluster.Silo.Transport;
using Orleans.Runtime;
using Orleans.Serialization.Buffers;

namespace Orleans.Cluster.UnitTests.Transport;

/// <summary>
/// What of a client's bytes goes on. That Orleans writes its headers so is held by the tests of the inside client.
/// </summary>
public sealed class ClientFramesTests
{
    private static readonly byte[] Preamble = [3, 0, 0, 0, 7, 8, 9];

    // Wherever the bytes are cut, the same of them go on, each header is judged once, and before its first byte goes on.
    [Fact]
    public void Next_MessagesInPieces_GoOnWholeOrNotAtAll()
    {
        byte[] first = Message("jobdoor", body: 5), left = Message("manifest", body: 300), last = Message("rows", body: 0);
        byte[] all = [.. Preamble, .. first, .. left, .. last];

        Assert.All(Enumerable.Range(1, all.Length - 1), cut =>
        {
            var judged = new List<string>();
            var frames = new ClientFrames(header =>
            {
                judged.Add($"{header.Target.Type}");
                return $"{header.Target.Type}" != "manifest";
            });

            byte[] passed = [.. Pass(frames, all, cut)];

            Assert.Equal([.. Preamble, .. first, .. last], passed);
            Assert.Equal(["jobdoor", "manifest", "rows"], judged);
        });
    }

    [Fact]
    public void Next_HeaderIsRefused_NothingOfItsMessageGoesOn()
    {
        var frames = new ClientFrames(header => $"{header.Target.Type}" == "rows"
            ? true
            : throw new ConnectionAbortedException("No."));
        var rows = Message("rows", body: 5);
        byte[] all = [.. Preamble, .. rows, .. Message("queue", body: 5)];
        var passed = new List<byte>();

        Assert.Throws<ConnectionAbortedException>(() => passed.AddRange(Pass(frames, all, all.Length, passed)));

        Assert.Equal([.. Preamble, .. rows], passed);
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(ClientFrames.MostOfAHeader + 1, 0)]
    [InlineData(10, -1)]
    [InlineData(10, ClientFrames.MostOfABody + 1)]
    public void Next_LengthsThatNoClientSends_AreRefusedBeforeAnythingIsKept(int header, int body)
    {
        var frames = new ClientFrames(_ => true);
        byte[] all = [.. Preamble, .. Bytes(header), .. Bytes(body)];

        Assert.Throws<ConnectionAbortedException>(() => Pass(frames, all, all.Length).ToList());
    }

    [Fact]
    public void Next_PreambleThatIsTooLong_IsRefused() => Assert.Throws<ConnectionAbortedException>(
        () => Pass(new ClientFrames(_ => true), Bytes(1025), 4).ToList());

    [Fact]
    public void Read_HeaderOfARequest_IsWhatWasWritten()
    {
        var header = MessageHeader.Read(Header("jobdoor"));

        Assert.Equal(
            new MessageHeader(
                MessageDirection.Request, MessageFlags.HasInterfaceType | MessageFlags.HasTimeToLive,
                GrainId.Create("sys.client", "me"), GrainId.Create("jobdoor", "door"),
                SiloAddress.New(System.Net.IPAddress.Loopback, 30_000, 7), GrainInterfaceType.Create("IJobDoorGrain")),
            header);
    }

    // Orleans would keep the name by the hash that it came with, for all to meet.
    [Fact]
    public void Read_NameWithAnotherHash_IsRefused()
    {
        var bytes = Header("jobdoor");
        var name = bytes.AsSpan().IndexOf("jobdoor"u8);
        bytes[name - 1] ^= 1;

        Assert.Throws<ConnectionAbortedException>(() => MessageHeader.Read(bytes));
    }

    [Fact]
    public void Read_HeaderThatIsCut_IsRefusedWhereverItIs()
    {
        var bytes = Header("jobdoor");

        Assert.All(
            Enumerable.Range(0, bytes.Length),
            cut => Assert.ThrowsAny<Exception>(() => MessageHeader.Read(bytes.AsSpan(0, cut))));
    }

    private static IEnumerable<byte> Pass(ClientFrames frames, byte[] all, int cut, List<byte>? into = null)
    {
        var passed = into ?? [];
        var (begin, ready) = (0, cut);
        while (begin < all.Length)
        {
            var next = frames.Next(new ReadOnlySequence<byte>(all, begin, ready - begin));
            if (next.Pass)
            {
                passed.AddRange(all.AsSpan(begin, (int)next.Count));
            }

            begin += (int)next.Count;
            if (next.Count == 0)
            {
                if (ready == all.Length)
                {
                    break;
                }

                ready = all.Length;
            }
        }

        return into is null ? passed : [];
    }

    private static byte[] Message(string target, int body)
    {
        var header = Header(target);
        return [.. Bytes(header.Length), .. Bytes(body), .. header, .. Enumerable.Repeat((byte)0xFF, body)];
    }

    private static byte[] Bytes(int number)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return bytes;
    }

    private static byte[] Header(string target)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = Writer.Create(buffer, null!);
        writer.WriteUInt32((1 << 16) | (uint)(MessageFlags.HasInterfaceType | MessageFlags.HasTimeToLive));
        writer.WriteInt64(42);
        foreach (var name in new[] { "sys.client", "me", target, "door" })
        {
            IdSpanCodec.WriteRaw(ref writer, IdSpan.Create(name));
        }

        writer.WriteVarUInt32(0);
        WriteSilo(ref writer, SiloAddress.New(System.Net.IPAddress.Loopback, 30_000, 7));
        writer.WriteInt32(1000);
        IdSpanCodec.WriteRaw(ref writer, IdSpan.Create("IJobDoorGrain"));
        writer.Commit();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteSilo(ref Writer<ArrayBufferWriter<byte>> writer, SiloAddress silo)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var inner = Writer.Create(buffer, null!);
        inner.WriteInt32(silo.GetConsistentHashCode());
        var address = silo.Endpoint.Address.GetAddressBytes();
        inner.WriteVarUInt32((uint)address.Length);
        inner.Write(address);
        inner.WriteVarUInt32((uint)silo.Endpoint.Port);
        inner.WriteInt32(silo.Generation);
        inner.Commit();
        writer.WriteVarUInt32((uint)buffer.WrittenCount);
        writer.Write(buffer.WrittenSpan);
    }
}
