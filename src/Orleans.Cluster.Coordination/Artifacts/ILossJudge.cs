using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Coordination.Artifacts;

/// <summary>Judges whether a committed artifact is lost.</summary>
internal interface ILossJudge
{
    /// <summary>Looks here and elsewhere.</summary>
    /// <param name="producer">The attempt whose output somebody could not read.</param>
    /// <param name="cancellationToken">Ends the look here.</param>
    Task<LossVerdict> Judge(AttemptId producer, CancellationToken cancellationToken);
}

/// <summary>What is to be believed of a loss.</summary>
internal enum LossVerdict
{
    /// <summary>Two looks agree: it is gone or different.</summary>
    Lost,

    /// <summary>Another process sees it whole: the fault is with this one.</summary>
    SeenElsewhere,

    /// <summary>It is there after all, or there was nobody who could tell. To be looked at again later.</summary>
    Unproven,
}
