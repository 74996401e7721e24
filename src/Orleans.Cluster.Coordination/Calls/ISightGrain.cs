using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Coordination.Calls;

/// <summary>One silo's sight of the artifact store, for the others; its key is <see cref="GrainKeys.Sight"/>.</summary>
[Alias("ISightGrain")]
internal interface ISightGrain : IGrainWithStringKey
{
    /// <summary>Looks at what an attempt has committed. Large files take long: their content is read.</summary>
    [Alias("Look"), ResponseTimeout("00:10:00")]
    Task<ArtifactSeen> Look(AttemptId producer);
}
