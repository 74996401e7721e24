using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace Orleans.Cluster.StorageTests;

/// <summary>
/// A client of PostgreSQL that stands still in the middle of a transaction when it has sent a part of its next statement. No
/// library does that on purpose, so this speaks the server's protocol (version 3.0) itself.
/// </summary>
internal sealed class HalfSentStatement : IDisposable
{
    private const int Protocol3 = 3 << 16;
    private readonly TcpClient client = new();

    /// <summary>Takes what a statement takes, begins another, and sends no more.</summary>
    public static async Task<HalfSentStatement> Begin(string connectionString, string takes)
    {
        var half = new HalfSentStatement();
        var to = new NpgsqlConnectionStringBuilder(connectionString);
        await half.client.ConnectAsync(to.Host!, to.Port);
        await half.Send(
            [
                .. Number(Protocol3), .. Text("user"), .. Text(to.Username!), .. Text("database"), .. Text(to.Database!),
                .. Text("options"), .. Text(to.Options ?? ""), .. Text("application_name"), .. Text(to.ApplicationName ?? ""), 0,
            ]);
        await half.UntilReady();
        foreach (var query in new[] { "BEGIN", takes })
        {
            await half.Send(Text(query), kind: 'Q');
            await half.UntilReady();
        }

        // Parse, of a statement without a name and without parameters; Bind, Execute and Sync would follow.
        await half.Send([.. Text(""), .. Text("SELECT 1"), 0, 0], kind: 'P');
        return half;
    }

    public void Dispose() => client.Dispose();

    private async Task Send(byte[] body, char? kind = null)
    {
        byte[] message = [.. Number(body.Length + sizeof(int)), .. body];
        await client.GetStream().WriteAsync(kind is { } letter ? [(byte)letter, .. message] : message);
    }

    private async Task UntilReady()
    {
        var head = new byte[1 + sizeof(int)];
        do
        {
            await client.GetStream().ReadExactlyAsync(head);
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1)) - sizeof(int)];
            await client.GetStream().ReadExactlyAsync(body);
            Assert.True(head[0] != 'E', Encoding.UTF8.GetString(body));
        }
        while (head[0] != 'Z');
    }

    private static byte[] Text(string text) => [.. Encoding.UTF8.GetBytes(text), 0];

    private static byte[] Number(int number)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }
}
