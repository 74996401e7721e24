using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>Decides of all files together which of them have a header, and says what is doubtful.</summary>
internal static class TextHeaders
{
    private const int ShownNames = 8;

    /// <summary>
    /// A file whose own records decide is as it is. Where they do not, the first record is a header only if it is the header of
    /// another file: that of the first file which certainly has one, else what the first file begins with.
    /// </summary>
    /// <returns>
    /// One for each file, in order; and the one whose names a file without a header takes by position, null when none has one.
    /// </returns>
    public static (IReadOnlyList<FileHeader> Files, FileHeader? Reference) Decide(IReadOnlyList<TextLook> looks)
    {
        var certain = looks.FirstOrDefault(look => look.First is not null
            && look.Verdict is { IsHeader: true, How: not HeaderEvidence.Guessed });
        var reference = certain ?? looks.FirstOrDefault(look => look.First is not null);
        var names = reference is { Verdict.IsHeader: true } ? NamesOf(reference) : null;
        var files = looks.Select(look => Decide(look, reference, names)).ToList();
        return (files, names is null ? null : files.First(file => file.Look == reference));
    }

    /// <summary>What the user should be asked.</summary>
    public static IEnumerable<PlanWarning> Warnings(IReadOnlyList<FileHeader> files, FileHeader? reference)
    {
        var first = reference ?? files.FirstOrDefault(file => file.Look.First is not null);
        if (first is { How: HeaderEvidence.Guessed })
        {
            yield return Doubtful(first);
        }

        var others = files.Where(file => file != first
            && file is { Look.First: not null, How: HeaderEvidence.Guessed, Names: null }).ToList();
        if (reference is not null && others.Count > 0)
        {
            yield return new PlanWarning(
                JobPlan.HeaderDoubtful,
                $"{others[0].Look.Path}{Others(others.Count - 1)} {(others.Count == 1 ? "does" : "do")} not begin with the "
                + $"header of {reference.Look.Path}: "
                + "the first record is taken as data, and the columns by their position. Set options.header to say whether the "
                + "files have a header.");
        }

        if (files.FirstOrDefault(file => IsUneven(file)) is { } uneven)
        {
            yield return new PlanWarning(
                JobPlan.HeaderDoubtful,
                $"The first record of {uneven.Look.Path} has {Fields(uneven.Look.First!.Count)}, and the records below it have "
                + $"{Fields(uneven.Look.Width)}. "
                + "If lines stand before the header, set options.skipLines; else set options.delimiter and options.header.");
        }
    }

    private static FileHeader Decide(TextLook look, TextLook? reference, IReadOnlyList<string>? names)
    {
        if (look.First is null)
        {
            return new FileHeader(look, null, HeaderEvidence.Guessed);
        }

        if (look == reference || look.Verdict.How != HeaderEvidence.Guessed)
        {
            return new FileHeader(look, look.Verdict.IsHeader ? NamesOf(look) : null, look.Verdict.How);
        }

        var own = NamesOf(look);
        var isSame = names is not null && own.Count == names.Count
            && own.ToHashSet(StringComparer.OrdinalIgnoreCase).SetEquals(names);
        return isSame ? new FileHeader(look, own, reference!.Verdict.How)
            : names is not null && look.Verdict.IsHeader && SharesNames(own, names)
            ? new FileHeader(look, own, HeaderEvidence.Guessed)
            : new FileHeader(look, null, HeaderEvidence.Guessed);
    }

    // A header with other columns: taken as data, it would be a row that nobody misses.
    private static bool SharesNames(IReadOnlyList<string> own, IReadOnlyList<string> names) =>
        own.Zip(names).Any(pair => pair.First.Length > 0 && ValueShape.Of(pair.First) == ValueTypes.None
            && string.Equals(pair.First, pair.Second, StringComparison.OrdinalIgnoreCase));

    private static List<string> NamesOf(TextLook look) =>
        [.. look.Verdict.HasRowNames ? new[] { "" } : [], .. look.First!.Select(field => field.Text)];

    private static PlanWarning Doubtful(FileHeader file) => new(
        JobPlan.HeaderDoubtful,
        file.Names is { } names
            ? $"Nothing in {file.Look.Path} decides whether its first record is a header. It is taken as the names of the "
            + "columns "
                + $"({string.Join(", ", names.Take(ShownNames).Select(name => $"'{name}'"))}"
                + $"{(names.Count > ShownNames ? ", ..." : "")}). "
                + "Set options.header to true if that is right, and to false if it is data."
            : $"The first record of {file.Look.Path} has values such as those below it and no names, and is taken as data. "
                + "Set options.header to true if it is a header, and to false if it is data.");

    private static bool IsUneven(FileHeader file) =>
        file is { How: not HeaderEvidence.Declared, Look: { First: { } first, Below.Count: > 0 } look }
        && first.Count != look.Width
        && !look.Verdict.HasRowNames && !(look.LastIsEmpty && first.Count == look.Width - 1);

    private static string Fields(int count) => count == 1 ? "1 field" : $"{count} fields";

    private static string Others(int count) => count switch
    {
        0 => "",
        1 => " and 1 other file",
        _ => $" and {count} other files",
    };
}
