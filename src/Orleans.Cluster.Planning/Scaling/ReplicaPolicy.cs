using System.Globalization;

namespace Orleans.Cluster.Planning.Scaling;

/// <summary>
/// How large a set of replicas must be so that members come and go as asked, where somebody else (a controller) starts and ends
/// them by that number alone. Every answer is a size, never a difference, so that asking twice is asking once.
/// </summary>
public static class ReplicaPolicy
{
    /// <summary>Members that were asked for and are not there yet: their ids, and their ordinals in an ordered set.</summary>
    public static IReadOnlyList<ReplicaMember> Missing(ReplicaSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        var steady = Steady(set);
        return set.IsOrdered
            ? [.. Enumerable.Range(0, set.Size)
                .Except(steady.Select(member => member.Ordinal ?? -1)).Select(ordinal => Unscheduled(ordinal, ordinal))]
            : [.. Enumerable.Range(steady.Count, Math.Max(0, set.Size - steady.Count))
                .Select(number => Unscheduled(number, null))];
    }

    /// <summary>Whether a member ends whatever is done: it was asked to, or stands behind the end of an ordered set.</summary>
    public static bool IsEnding(ReplicaSet set, ReplicaMember member)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(member);
        return member.IsEnding || (set.IsOrdered && member.Ordinal >= set.Size);
    }

    /// <summary>The size with that many more.</summary>
    public static int Grow(ReplicaSet set, int count)
    {
        ArgumentNullException.ThrowIfNull(set);
        return Standing(set) + count;
    }

    /// <summary>
    /// The size without those; never above the present one. An ordered set only loses those behind whom nobody stays; the others
    /// of them are started anew by the controller when they end.
    /// </summary>
    public static int Shrink(ReplicaSet set, IReadOnlyCollection<string> leaving)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(leaving);
        var members = Steady(set).Concat(Missing(set)).Where(member => leaving.Contains(member.Id)).ToList();
        if (!set.IsOrdered)
        {
            return Math.Min(set.Size, Standing(set) - members.Count);
        }

        var ordinals = members.Select(member => member.Ordinal).ToHashSet();
        var size = set.Size;
        while (size > 0 && ordinals.Contains(size - 1))
        {
            size--;
        }

        return size;
    }

    // Those that are there and those that are on their way. A controller that has not ended all that it shall yet has more than
    // its size.
    private static int Standing(ReplicaSet set) => set.IsOrdered ? set.Size : Math.Max(set.Size, Steady(set).Count);

    private static List<ReplicaMember> Steady(ReplicaSet set) => [.. set.Members.Where(member => !IsEnding(set, member))];

    private static ReplicaMember Unscheduled(int number, int? ordinal) =>
        new(string.Create(CultureInfo.InvariantCulture, $"unscheduled-{number}"), ordinal, IsEnding: false);
}

/// <summary>A set of replicas as its controller has it.</summary>
/// <param name="Size">Replicas asked for.</param>
/// <param name="IsOrdered">Whether members have ordinals from 0, of which the highest end first.</param>
/// <param name="Members">Members that have not ended.</param>
public sealed record ReplicaSet(int Size, bool IsOrdered, IReadOnlyList<ReplicaMember> Members);

/// <summary>A member of a set of replicas.</summary>
public sealed record ReplicaMember(string Id, int? Ordinal, bool IsEnding);
