using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.OpenApi;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Gateway.Forms;

namespace Orleans.Cluster.Gateway.Reference;

/// <summary>Schemas of values that converters of our own write, which the generator cannot look into.</summary>
internal static class ReferenceSchemas
{
    public static Task Describe(OpenApiSchema schema, JsonTypeInfo info)
    {
        var type = Nullable.GetUnderlyingType(info.Type) ?? info.Type;
        if (type == typeof(JobId) || type == typeof(WorkerId))
        {
            (schema.Type, schema.Pattern) = (JsonSchemaType.String, type == typeof(JobId) ? "^[0-9A-Z]{26}$" : null);
        }
        else if (type == typeof(OperationKind))
        {
            schema.Type = JsonSchemaType.String;
            schema.Enum = [.. EnumWords<OperationKind>.Words.Select(word => (JsonNode)word)];
        }
        else if (type == typeof(double))
        {
            var orNull = type == info.Type ? default : JsonSchemaType.Null;
            (schema.Type, schema.Enum, schema.AnyOf) = (JsonSchemaType.Number | orNull, null, null);
        }
        else if (type.IsEnum)
        {
            // Some generators take values without a type for objects.
            schema.Type = JsonSchemaType.String;
        }
        else if (schema.Type == JsonSchemaType.Array && schema.Items is null)
        {
            // Values of any kind. Generators want it said.
            schema.Items = new OpenApiSchema();
        }

        return Task.CompletedTask;
    }
}
