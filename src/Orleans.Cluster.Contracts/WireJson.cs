using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orleans.Cluster.Contracts;

/// <summary>
/// The one set of JSON rules for HTTP, stored documents and the executor's pipe: camelCase names, UPPER_CASE enums.
/// </summary>
public static class WireJson
{
    /// <summary>Shared and read-only.</summary>
    public static JsonSerializerOptions Options { get; } = Freeze(Apply(new JsonSerializerOptions()));

    /// <summary>Sets the rules on options that somebody else owns, such as ASP.NET's.</summary>
    public static JsonSerializerOptions Apply(JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.PropertyNameCaseInsensitive = false;
        options.NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals;
        options.Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        // Before the general one: a converter of the options wins over the attribute of a type.
        options.Converters.Add(new OperationKindJsonConverter());
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseUpper, allowIntegerValues: false));
        return options;
    }

    private static JsonSerializerOptions Freeze(JsonSerializerOptions options)
    {
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
