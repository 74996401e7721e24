using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>Columns of one text file in file order, under names that can be used.</summary>
/// <param name="Names">Names; files that are alike share one list.</param>
/// <param name="Guesses">What their samples have shown.</param>
/// <param name="Path">The file.</param>
internal sealed record TextColumns(IReadOnlyList<string> Names, IReadOnlyList<ColumnGuess> Guesses, string Path)
{
    /// <summary>Name of the empty column that a delimiter at each line's end makes; nobody sees it.</summary>
    public const string Trailing = OwnName.Prefix + "trailing";

    /// <summary>Columns of a file.</summary>
    /// <param name="file">The file; it has records or a header.</param>
    /// <param name="reference">The file whose names those without a header take; null when none has a header.</param>
    /// <param name="options">What was declared.</param>
    /// <exception cref="EngineException">It has another number of fields than was declared or than the reference has.</exception>
    public static TextColumns Of(FileHeader file, FileHeader? reference, SourceOptions options)
    {
        var look = file.Look;
        if (file.Names is { } written)
        {
            ColumnNames.RefuseNul(written, look.Path);
            var isTrailing = look.LastIsEmpty && written.Count == look.Width - 1;
            IReadOnlyList<string> names = [.. ColumnNames.Mend(written).Names, .. isTrailing ? new[] { Trailing } : []];
            return new TextColumns(names, look.Width == names.Count ? look.Below : new ColumnGuess[names.Count], look.Path);
        }

        var guesses = look.Below.ToArray();
        if (look.First!.Count == look.Width)
        {
            BelowRecords.AddTo(guesses, look.First, look.Dialect);
        }

        return new TextColumns(NamesWithoutHeader(look, guesses, reference, options), guesses, look.Path);
    }

    private static IReadOnlyList<string> NamesWithoutHeader(
        TextLook look, ColumnGuess[] guesses, FileHeader? reference, SourceOptions options)
    {
        var (names, source) = reference is not null ? (ColumnNames.Mend(reference.Names!).Names, reference.Look.Path)
            : options.Columns is { Count: > 0 } declared ? ([.. declared.Keys], "options.columns")
            : (ColumnNames.Numbered(look.Width), "");
        if (names.Count == look.Width)
        {
            return names;
        }

        return names.Count == look.Width - 1 && guesses[^1].Values == 0
            ? [.. names, Trailing]
            : throw new EngineException(
                FailureKind.BadData,
                $"{look.Path} has {look.Width} {(look.Width == 1 ? "field" : "fields")} in a record, and no header, where "
                + $"{source} has "
                + $"{names.Count} {(names.Count == 1 ? "column" : "columns")}. Declare every column in file order, or check the "
                + "delimiter.",
                ProblemCode.SchemaConflict.Word);
    }
}
