namespace Orleans.Cluster.Engine.Sources;

/// <summary>Several things at once, on threads that wait for a store; the first failure is the failure of all.</summary>
internal static class ParallelWork
{
    public static void Run<T>(IEnumerable<T> items, Action<T> work, int atMost, CancellationToken cancellationToken)
    {
        try
        {
            Parallel.ForEach(
                items, new ParallelOptions { MaxDegreeOfParallelism = atMost, CancellationToken = cancellationToken }, work);
        }
        catch (AggregateException e) when (e.InnerExceptions.FirstOrDefault(inner => inner is EngineException) is { } inner)
        {
            throw inner;
        }
    }
}
