using System.Globalization;

namespace Orleans.Cluster.Engine;

/// <summary>
/// Gives names that differ, whatever the case: a table may have tens of thousands of columns of one name, so it is remembered how
/// far each has been numbered.
/// </summary>
/// <param name="taken">Names that nobody else gets.</param>
internal sealed class FreeNames(IEnumerable<string> taken)
{
    private readonly HashSet<string> _taken = taken.ToHashSet(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, int> _numbers = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The name, or with a number behind it; nobody else gets it from now on.</summary>
    public string Take(string wanted)
    {
        var number = _numbers.GetValueOrDefault(wanted);
        var free = number == 0 ? wanted : Numbered(wanted, number);
        while (!_taken.Add(free))
        {
            free = Numbered(wanted, ++number);
        }

        _numbers[wanted] = number;
        return free;
    }

    private static string Numbered(string wanted, int number) =>
        $"{wanted}_{number.ToString(CultureInfo.InvariantCulture)}";
}
