using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace Orleans.Cluster.Gateway.Forms;

/// <summary>Words that a field of the contract takes, as the contract lists them.</summary>
internal static class ContractWords
{
    /// <summary>The words of a property, in their order.</summary>
    public static IReadOnlyList<string> Of<T>(string property) =>
        [.. typeof(T).GetProperty(property)!.GetCustomAttribute<AllowedValuesAttribute>()!.Values.OfType<string>()];
}
