using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>One column of a dataset of text, as the samples of all its files show it.</summary>
internal sealed class UnitedColumn(string name, string? declared)
{
    private ColumnGuess _guess;
    private string? _path;
    private PlanWarning? _widened;

    /// <summary>Its name as the first file has it.</summary>
    public string Name { get; } = name;

    /// <summary>The declared type, or the one that holds all samples.</summary>
    public string Type => declared ?? _guess.Type ?? "VARCHAR";

    /// <summary>Adds what one file shows.</summary>
    /// <exception cref="EngineException">It shows another type, and files must not differ in that.</exception>
    public void Add(in ColumnGuess guess, string path, FileUnion union)
    {
        var before = _guess.Type;
        var found = guess.Type;
        var both = _guess;
        both.Add(guess);
        if (declared is null && before is not null && found is not null && found != before)
        {
            RequireOneType(before, found, path, both, union);
        }

        _path ??= found is null ? null : path;
        _guess = both;
    }

    /// <summary>What the user should know of it.</summary>
    public IEnumerable<PlanWarning> Warnings()
    {
        if (_widened is not null)
        {
            yield return _widened;
        }

        if (declared is not null || _guess.Type != "VARCHAR")
        {
            yield break;
        }

        if (WordsHint(_guess) is { } hint)
        {
            yield return new PlanWarning(JobPlan.NullWords, $"Column '{Name}' is read as text because of {hint}");
        }
        else if (_guess.IsNumberWithComma)
        {
            yield return new PlanWarning(
                "decimal-comma",
                $"Column '{Name}' is read as text: its values in {_path} are numbers if the comma is their decimal separator. "
                + "Set options.decimal to \",\" if it is.");
        }
    }

    private static string? WordsHint(in ColumnGuess guess)
    {
        if (guess.TypeBesideWords is not { } type || type == "VARCHAR")
        {
            return null;
        }

        var words = guess.Words.Select(word => word.Length == 0 ? "empty" : $"'{word}'").ToList();
        return $"{guess.WordCount} of {guess.Values} sampled values that are {string.Join(" or ", words)}; the others are "
            + $"{type}. "
            + $"If they stand for NULL, set options.nullValues to [\"\", "
            + $"{string.Join(", ", guess.Words.Where(word => word.Length > 0).Select(word => $"\"{word}\""))}].";
    }

    // Whole numbers are numbers: a file whose sample has no decimals has no other type. All else would change what a value is.
    private void RequireOneType(string before, string found, string path, in ColumnGuess both, FileUnion union)
    {
        var isNumber = both.Type == "DOUBLE" && before is "BIGINT" or "DOUBLE" && found is "BIGINT" or "DOUBLE";
        if (isNumber || union == FileUnion.Widen)
        {
            if (both.Type != before)
            {
                _widened = new PlanWarning(
                    "widened", $"Column '{Name}' is {before} in {_path} and {found} in {path}: read as {both.Type}.");
            }

            return;
        }

        throw new EngineException(
            FailureKind.BadData,
            $"Column '{Name}' is {before} in {_path} and {found} in {path}"
            + $"{(WordsHint(both) is { } hint ? $", because of {hint} Or" : ".")} "
            + $"{(WordsHint(both) is null ? "D" : "d")}eclare its type in options.columns, or set options.union to WIDEN to read "
            + $"it as {both.Type}.",
            ProblemCode.SchemaConflict.Word);
    }
}
