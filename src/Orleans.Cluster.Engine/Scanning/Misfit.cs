namespace Orleans.Cluster.Engine.Scanning;

/// <summary>A record whose form is wrong, whatever its values are.</summary>
/// <param name="RowsBefore">Rows of the batch in front of it.</param>
/// <param name="Start">Where it begins in the window.</param>
/// <param name="End">Behind its last byte, line end not counted.</param>
/// <param name="Fault">What is wrong.</param>
/// <param name="Fields">Fields that it has.</param>
internal readonly record struct Misfit(int RowsBefore, int Start, int End, MisfitFault Fault, int Fields);

/// <summary>What is wrong with the form of a record.</summary>
internal enum MisfitFault
{
    /// <summary>It has another number of fields than its table.</summary>
    FieldCount = 0,

    /// <summary>A quote is never closed.</summary>
    OpenQuote = 1,

    /// <summary>Something other than a delimiter follows a closing quote.</summary>
    TextBehindQuote = 2,
}
