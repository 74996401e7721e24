using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Orleans.Cluster.InsideContracts.Transport;

namespace Orleans.Cluster.Silo.Transport;

/// <summary>
/// Stands where messages of clients enter, behind TLS and before Orleans reads a byte: only those to <see cref="ClientTargets"/>
/// go on. A client that sends another is cut off.
/// </summary>
internal sealed partial class ClientGate(ClientTargets targets, ILogger<ClientGate> logger, TimeProvider clock)
{
    private readonly SeldomSaid seldom = new(clock);

    /// <summary>For connections of clients that come in.</summary>
    public ConnectionDelegate Accept(ConnectionDelegate next) => async connection =>
    {
        var plain = connection.Transport;
        var judged = new Pipe();
        connection.Transport = new Judged(judged.Reader, plain.Output);
        var judging = Judge(plain.Input, judged.Writer, connection.RemoteEndPoint);
        try
        {
            await next(connection);
        }
        finally
        {
            await judged.Reader.CompleteAsync();
            plain.Input.CancelPendingRead();
            connection.Transport = plain;
            await judging;
        }
    };

    // The end of the writer is the end of the connection, as Orleans sees it.
    private async Task Judge(PipeReader from, PipeWriter to, EndPoint? client)
    {
        var frames = new ClientFrames(targets.MayPass);
        try
        {
            while (await Copy(from, to, frames))
            {
            }
        }
        catch (ConnectionAbortedException refusal)
        {
            if (seldom.IsTime())
            {
                Log.Refused(logger, client, refusal.Message);
            }
        }
        finally
        {
            await to.CompleteAsync();
        }
    }

    private static async Task<bool> Copy(PipeReader from, PipeWriter to, ClientFrames frames)
    {
        var read = await from.ReadAsync();
        var bytes = read.Buffer;
        while (frames.Next(bytes) is { Count: > 0 } next)
        {
            foreach (var piece in next.Pass ? bytes.Slice(0, next.Count) : ReadOnlySequence<byte>.Empty)
            {
                to.Write(piece.Span);
            }

            bytes = bytes.Slice(next.Count);
        }

        var written = await to.FlushAsync();
        from.AdvanceTo(bytes.Start, bytes.End);
        return !read.IsCompleted && !read.IsCanceled && !written.IsCompleted;
    }

    private sealed record Judged(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private static partial class Log
    {
        [LoggerMessage(
            1311, LogLevel.Warning,
            "The connection of the client at {Client} is closed: {Why} Clients call what Orleans.Cluster.InsideClient calls.")]
        public static partial void Refused(ILogger logger, EndPoint? client, string why);
    }
}
