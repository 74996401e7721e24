using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Protocol;

/// <summary>
/// Names of folders that hold the rows with one value of a column: <c>key=value</c>, as Hive and Spark write them. NULL has a
/// word of its own, and a text that is this word has an escape in it, so that each value has a name that no other has.
/// </summary>
public static class FolderName
{
    /// <summary>Stands for NULL.</summary>
    public const string Null = "__HIVE_DEFAULT_PARTITION__";

    /// <summary>Stands for NULL among values that were read from names: no name can hold it.</summary>
    public const string NullValue = "\0";

    /// <summary>The folder of a value.</summary>
    /// <exception cref="ArgumentException">The value holds a NUL character, which no name can.</exception>
    public static string Of(string column, string? value)
    {
        ArgumentNullException.ThrowIfNull(column);
        if (value?.Contains('\0', StringComparison.Ordinal) == true || column.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("A NUL character cannot be part of a folder's name.", nameof(value));
        }

        var text = value switch
        {
            null => Null,
            _ when IsWordForNull(value) => $"%{(int)value[0]:X2}{Uri.EscapeDataString(value[1..])}",
            _ => Uri.EscapeDataString(value),
        };
        return $"{Uri.EscapeDataString(column)}={text}";
    }

    /// <summary>Column and value of a folder; null when its name is not of this form. The value is null for NULL.</summary>
    public static (string Column, string? Value)? Read(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var equals = folder.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
        {
            return null;
        }

        var text = folder[(equals + 1)..];
        return (Uri.UnescapeDataString(folder[..equals]), IsWordForNull(text) ? null : Uri.UnescapeDataString(text));
    }

    // Readers of such folders take either for NULL.
    private static bool IsWordForNull(string text) => text is Null or "NULL";
}
