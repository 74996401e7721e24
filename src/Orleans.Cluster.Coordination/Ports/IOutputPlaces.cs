namespace Orleans.Cluster.Coordination.Ports;

/// <summary>Which folder an output path means.</summary>
internal interface IOutputPlaces
{
    /// <summary>Absolute, with links followed where somebody can: a link and its target are one folder.</summary>
    string Of(string path);
}
