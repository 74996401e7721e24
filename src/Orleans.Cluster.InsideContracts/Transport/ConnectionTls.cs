using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Orleans.Cluster.InsideContracts.Transport;

/// <summary>
/// TLS below Orleans' own protocol, on every connection between silos, and of clients inside the trust boundary:
/// 1. both sides show a certificate of the cluster's authority, and its key; a silo's is one that may serve, a client's need not
/// be;
/// 2. only then the connection is Orleans'; what does not get that far is closed before a byte of it is read as a message.
/// Names are not compared: silos know each other by address, and whoever has a certificate of the authority that may serve is a
/// silo.
/// </summary>
internal sealed partial class ConnectionTls(ClusterCertificate certificate, ILogger<ConnectionTls> logger, TimeProvider clock)
{
    private const SslProtocols Protocols = SslProtocols.Tls12 | SslProtocols.Tls13;
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    private readonly SeldomSaid seldom = new(clock);

    /// <summary>For connections of silos that come in.</summary>
    public ConnectionDelegate AcceptSilo(ConnectionDelegate next) => Accept(next, ClusterCertificate.MayBeSilo);

    /// <summary>For connections of clients that come in.</summary>
    public ConnectionDelegate AcceptClient(ConnectionDelegate next) => Accept(next, static _ => true);

    private ConnectionDelegate Accept(ConnectionDelegate next, Func<X509Certificate?, bool> isWelcome) => async connection =>
    {
        if (await IsSilent(connection))
        {
            return;
        }

        await Run(connection, next, (tls, cancellationToken) => tls.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificate.Own,
                ClientCertificateRequired = true,
                EnabledSslProtocols = Protocols,
                CertificateChainPolicy = certificate.TrustOfOthers(),
                RemoteCertificateValidationCallback = (_, other, _, errors) => IsOurs(errors) && isWelcome(other),
            },
            cancellationToken));
    };

    /// <summary>For connections that this side opens.</summary>
    public ConnectionDelegate Open(ConnectionDelegate next) =>
        connection => Run(connection, next, (tls, cancellationToken) => tls.AuthenticateAsClientAsync(
        new SslClientAuthenticationOptions
        {
            TargetHost = "silo",
            ClientCertificateContext = certificate.Own,
            EnabledSslProtocols = Protocols,
            CertificateChainPolicy = certificate.TrustOfOthers(),
            RemoteCertificateValidationCallback = (_, other, _, errors) => IsOurs(errors) && ClusterCertificate.MayBeSilo(other),
        },
        cancellationToken));

    private async Task Run(
        ConnectionContext connection, ConnectionDelegate next, Func<SslStream, CancellationToken, Task> handshake)
    {
        var plain = connection.Transport;
        await using var tls = new SslStream(new DuplexPipeStream(plain), leaveInnerStreamOpen: true);
        if (!await TryAgree(connection, tls, handshake))
        {
            return;
        }

        var input = PipeReader.Create(tls, new StreamPipeReaderOptions(leaveOpen: true));
        var output = PipeWriter.Create(tls, new StreamPipeWriterOptions(leaveOpen: true));
        connection.Transport = new Encrypted(input, output);
        try
        {
            await next(connection);
        }
        finally
        {
            await input.CompleteAsync();
            await output.CompleteAsync();
            connection.Transport = plain;
        }
    }

    private async Task<bool> TryAgree(
        ConnectionContext connection, SslStream tls, Func<SslStream, CancellationToken, Task> handshake)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        bound.CancelAfter(HandshakeTimeout);
        try
        {
            await handshake(tls, bound.Token);
            return true;
        }
        catch (Exception e)
            when (e is AuthenticationException or IOException or OperationCanceledException or InvalidOperationException)
        {
            Say(connection.RemoteEndPoint, e is OperationCanceledException
                ? "it did not end its handshake in time"
                : (e.InnerException ?? e).Message);
            return false;
        }
    }

    // A health check opens the port and closes it again.
    private static async Task<bool> IsSilent(ConnectionContext connection)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        bound.CancelAfter(HandshakeTimeout);
        try
        {
            var first = await connection.Transport.Input.ReadAsync(bound.Token);
            connection.Transport.Input.AdvanceTo(first.Buffer.Start);
            return first.Buffer.IsEmpty;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            return true;
        }
    }

    private static bool IsOurs(SslPolicyErrors errors) =>
        (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None;

    private void Say(EndPoint? other, string why)
    {
        if (seldom.IsTime())
        {
            Log.Refused(logger, other, why);
        }
    }

    private sealed record Encrypted(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private static partial class Log
    {
        [LoggerMessage(
            1310, LogLevel.Warning,
            "{Other} is not a silo of this cluster, so the connection is closed: {Why} Silos of one cluster have the same "
            + "Cluster:Tls:Certificate; those that were given none, the same state directory.")]
        public static partial void Refused(ILogger logger, EndPoint? other, string why);
    }
}
