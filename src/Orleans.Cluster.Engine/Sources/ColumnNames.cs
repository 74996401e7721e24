using System.Globalization;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>Names of columns as SQL can tell them apart: none is blank, and no two differ in case only.</summary>
internal static class ColumnNames
{
    /// <summary>
    /// Mends what cannot be used: a blank name becomes <c>column0</c> by its position, a repeated one <c>a_1</c>.
    /// </summary>
    /// <returns>As many names, and what was changed, from and to.</returns>
    public static (IReadOnlyList<string> Names,
        IReadOnlyList<(int Index, string From, string To)> Mended) Mend(IReadOnlyList<string> names)
    {
        // A name that stands once keeps itself, whatever a mended one before it would like to be.
        var unique = names.GroupBy(name => name, StringComparer.OrdinalIgnoreCase)
            .Where(group => group.Count() == 1).Select(group => group.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var free = new FreeNames(unique);
        var mended = new List<(int, string, string)>();
        var result = new string[names.Count];
        for (var i = 0; i < names.Count; i++)
        {
            var isBlank = string.IsNullOrWhiteSpace(names[i]);
            var wanted = isBlank ? "column" + i.ToString(CultureInfo.InvariantCulture) : names[i];
            result[i] = !isBlank && unique.Contains(wanted) ? wanted : free.Take(wanted);
            if (result[i] != names[i])
            {
                mended.Add((i, names[i], result[i]));
            }
        }

        return (result, mended);
    }

    /// <summary>Those of the columns that have one of the names, in the order of the columns.</summary>
    public static IEnumerable<ColumnSchema> Of(IEnumerable<ColumnSchema> columns, IEnumerable<string> names)
    {
        var wanted = names.ToHashSet(StringComparer.OrdinalIgnoreCase);
        return columns.Where(column => wanted.Contains(column.Name));
    }

    /// <summary>Names of columns that have none, all numbers of one width, so that they sort.</summary>
    public static IReadOnlyList<string> Numbered(int count)
    {
        var width = Math.Max(0, count - 1).ToString(CultureInfo.InvariantCulture).Length;
        return [.. Enumerable.Range(0, count)
            .Select(i => "column" + i.ToString(CultureInfo.InvariantCulture).PadLeft(width, '0'))];
    }

    /// <exception cref="EngineException">A name holds a NUL character, which neither SQL nor a database takes.</exception>
    public static void RefuseNul(IReadOnlyList<string> names, string path)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (names[i].Contains('\0', StringComparison.Ordinal))
            {
                throw new EngineException(
                    FailureKind.BadData,
                    $"{path}: the name of column {i + 1} holds a NUL character. Name the columns in options.columns, or mend the "
                    + "file.",
                    ProblemCode.DatasetNotReadable.Word);
            }
        }
    }
}
