namespace Orleans.Cluster.Silo.Gateway;

/// <summary>How the gateway meets the outer world. Section "Gateway".</summary>
internal sealed class GatewayOptions
{
    public const string Section = "Gateway";

    /// <summary>Names under which a gateway on loopback may be called beside localhost, for a proxy before it.</summary>
    public IList<string> AllowedHosts { get; init; } = [];
}
