namespace Orleans.Cluster.Coordination.Ports;

/// <summary>Port to what keeps the tables from growing for ever.</summary>
internal interface IStorageUpkeep
{
    /// <summary>
    /// Removes what is older than these times, a bounded number of rows in one call: idempotency keys; events of the outbox that
    /// were delivered or given up; jobs that ended, with their partitions, attempts and history; what is left of deleted jobs. A
    /// job of which an event is still to be delivered is gone for everybody who asks, and its row stays until that is done.
    /// </summary>
    /// <returns>Rows removed or hidden; 0 when there is nothing left to do.</returns>
    Task<int> Prune(
        DateTimeOffset keysBefore, DateTimeOffset eventsBefore, DateTimeOffset jobsEndedBefore,
        CancellationToken cancellationToken);
}
