namespace Orleans.Cluster.Engine.Sources;

/// <summary>A row that does not fit the schema, and where it is in its source.</summary>
/// <param name="Path">Source file.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Offset">Byte offset in the (inflated) source.</param>
/// <param name="Column">Column, where one is at fault.</param>
/// <param name="Value">Its value.</param>
/// <param name="Expected">Type that it should have.</param>
/// <param name="Reason">What is wrong.</param>
/// <param name="Raw">The record as it is written.</param>
internal sealed record BadRow(
    string Path, long Line, long Offset, string? Column, string? Value, string? Expected, string Reason, string Raw)
{
    private const int Shown = 200;

    /// <summary>One line for people.</summary>
    public string Describe()
    {
        var column = Column is null ? "" : $", column '{Column}'";
        var value = Value is null ? "" : $": value '{Short(Value)}'{(Expected is null ? "" : $" is not a valid {Expected}")}";
        return $"{Path}, line {Line}, byte {Offset}{column}{value}. {Reason} Row: {Short(Raw)}";
    }

    private static string Short(string text) => text.Length <= Shown ? text : text[..Shown] + "...";
}
