using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Objects;

/// <summary>
/// The objects that this process may read now, by their paths: those of the questions and the task that are under way. Readers
/// know paths alone, and the addresses behind them go nowhere else.
/// </summary>
internal static class ObjectReads
{
    private static readonly Lock Sync = new();
    private static readonly Dictionary<string, List<Leave>> Leaves = new(StringComparer.Ordinal);

    /// <summary>Lets objects be read until the answer is disposed of.</summary>
    public static IDisposable Allow(ObjectGrant? grant)
    {
        var leaves = grant is null
            ? []
            : grant.Objects.Select(access => new Leave(access, ObjectClient.For(grant.CaFile))).ToList();
        lock (Sync)
        {
            foreach (var leave in leaves)
            {
                (Leaves.TryGetValue(leave.Access.Path, out var held) ? held : Leaves[leave.Access.Path] = []).Add(leave);
            }
        }

        return new Term(leaves);
    }

    /// <summary>Opens an object by its path.</summary>
    /// <exception cref="EngineException">Nobody has given leave to read it.</exception>
    public static SourceBytes Open(string path)
    {
        lock (Sync)
        {
            // The latest was listed last: an older one that differs from it is refused by the store.
            return Leaves.TryGetValue(path, out var held)
                ? new ObjectBytes(held[^1].Access, held[^1].Client)
                : throw new EngineException(
                    FailureKind.SourceUnavailable, $"{path} cannot be read: this process may not.");
        }
    }

    private sealed record Leave(ObjectAccess Access, ObjectClient Client);

    private sealed class Term(List<Leave> leaves) : IDisposable
    {
        public void Dispose()
        {
            lock (Sync)
            {
                foreach (var leave in leaves.Where(leave => Leaves.ContainsKey(leave.Access.Path)))
                {
                    var held = Leaves[leave.Access.Path];
                    held.RemoveAll(other => ReferenceEquals(other, leave));
                    if (held.Count == 0)
                    {
                        Leaves.Remove(leave.Access.Path);
                    }
                }
            }
        }
    }
}
