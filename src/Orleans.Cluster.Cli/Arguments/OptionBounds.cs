using System.CommandLine;

namespace Orleans.Cluster.Cli.Arguments;

/// <summary>Bounds of an option's value, told before a command runs.</summary>
internal static class OptionBounds
{
    /// <summary>Refuses a value that does not meet a condition.</summary>
    public static void Demand<T>(this Option<T> option, Func<T?, bool> isMet, Func<T?, string> say) =>
        option.Validators.Add(result =>
    {
        T? value;
        try
        {
            value = result.GetValueOrDefault<T>();
        }
        catch (InvalidOperationException)
        {
            return; // It is not of the type at all, which the parser says of it.
        }

        if (!isMet(value))
        {
            result.AddError(say(value));
        }
    });

    /// <inheritdoc cref="Demand{T}(Option{T}, Func{T, bool}, Func{T, string})"/>
    public static void Demand<T>(this Option<T> option, Func<T?, bool> isMet, string message) =>
        option.Demand(isMet, _ => message);
}
