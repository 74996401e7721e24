using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Protocol;

/// <summary>A type as the engine names it, taken apart: <c>STRUCT("a" INTEGER[], b MAP(VARCHAR, DATE))</c>.</summary>
/// <param name="Kind">How it is made.</param>
/// <param name="Name">
/// The text of a type without parts (<c>DECIMAL(18,3)</c>), and of an array its length; empty otherwise.
/// </param>
/// <param name="Parts">Element of a list or array, key and value of a map, fields of a struct or union.</param>
public sealed record ColumnType(ColumnTypeKind Kind, string Name, IReadOnlyList<ColumnTypePart> Parts)
{
    /// <summary>Nesting beyond which a type is refused: each level is a call deep in readers and writers.</summary>
    public const int MaxDepth = 64;

    /// <summary>A type without parts.</summary>
    public static ColumnType Scalar(string name) => new(ColumnTypeKind.Scalar, name, []);

    /// <summary>Takes a type apart.</summary>
    /// <exception cref="ClusterException">
    /// <c>query-invalid</c>: it is not a type as the engine writes them, or is nested too deep.
    /// </exception>
    public static ColumnType Parse(string text) => new ColumnTypeParser(text).Parse();

    /// <summary>Whether it has parts.</summary>
    public bool IsNested => Kind != ColumnTypeKind.Scalar;

    /// <summary>The element of a list or array, the value of a map.</summary>
    public ColumnType Last => Parts[^1].Type;

    /// <summary>The type with each part, innermost first, and then itself replaced.</summary>
    public ColumnType Map(Func<ColumnType, ColumnType> replace)
    {
        ArgumentNullException.ThrowIfNull(replace);
        return replace(
            IsNested ? this with { Parts = [.. Parts.Select(part => part with { Type = part.Type.Map(replace) })] } : this);
    }

    /// <summary>The text that the engine reads.</summary>
    public override string ToString() => Kind switch
    {
        ColumnTypeKind.Scalar => Name,
        ColumnTypeKind.List => $"{Last}[]",
        ColumnTypeKind.Array => $"{Last}[{Name}]",
        ColumnTypeKind.Map => $"MAP({Parts[0].Type}, {Last})",
        ColumnTypeKind.Union => $"UNION({Fields()})",
        _ => $"STRUCT({Fields()})",
    };

    private string Fields() => string.Join(
        ", ", Parts.Select(part => part.Name.Length == 0 ? $"{part.Type}" : $"{SqlText.Name(part.Name)} {part.Type}"));
}

/// <summary>A part of a type; without a name in lists, maps and structs that were made from positions.</summary>
public sealed record ColumnTypePart(string Name, ColumnType Type);

/// <summary>How a type is made.</summary>
public enum ColumnTypeKind
{
    /// <summary>Of nothing else.</summary>
    Scalar = 0,

    /// <summary>Any number of elements.</summary>
    List = 1,

    /// <summary>A fixed number of elements.</summary>
    Array = 2,

    /// <summary>Fields.</summary>
    Struct = 3,

    /// <summary>Keys and values.</summary>
    Map = 4,

    /// <summary>One of several fields.</summary>
    Union = 5,
}
