using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Gateway.Forms;
using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.Gateway.Reference;

/// <summary>
/// Schemas of values that converters of our own write, which the generator cannot look into, and of operations' parameters.
/// </summary>
internal static class ReferenceSchemas
{
    public static async Task Describe(
        OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        DescribeType(schema, context.JsonTypeInfo);
        if (context.JsonPropertyInfo is { } property)
        {
            DescribeProperty(schema, property);
            if (property.DeclaringType == typeof(SelectParameters) && property.Name == "columns")
            {
                // Its converter takes a name for a column.
                var column = await context.GetOrCreateSchemaAsync(typeof(SelectColumn), null, cancellationToken);
                (schema.Type, schema.Items) = (JsonSchemaType.Array, new OpenApiSchema { AnyOf = [Name(), column] });
            }
        }
        else if (context.JsonTypeInfo.Type == typeof(JobSpec))
        {
            await DescribeParameters(schema, context, cancellationToken);
        }
        else if (ParameterTypes.IsClosed(context.JsonTypeInfo.Type) && schema.Properties is { Count: > 0 })
        {
            // The form refuses a name that it does not know, so that a typing mistake is not taken for a wish for the default.
            schema.AdditionalPropertiesAllowed = false;
            schema.Required = context.JsonTypeInfo.Type == typeof(SelectColumn) ? null : schema.Required;
        }
    }

    private static void DescribeType(OpenApiSchema schema, JsonTypeInfo info)
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
    }

    private static void DescribeProperty(OpenApiSchema schema, JsonPropertyInfo property)
    {
        var attributes = property.AttributeProvider?.GetCustomAttributes(inherit: false) ?? [];
        var words = attributes.OfType<AllowedValuesAttribute>().FirstOrDefault()?.Values.OfType<string>()
            ?? (property.DeclaringType, property.Name) switch
            {
                var (type, name) when type == typeof(AggregateSpec)
                    && name == "function" => AggregateCatalogue.All.Select(each => each.Name),
                var (type, name) when type == typeof(PivotParameters) && name == "function" =>
                    AggregateCatalogue.All.Where(each => each.IsOfPivot).Select(each => each.Name),
                _ => null,
            };
        if (words is not null)
        {
            SetWords(schema, [.. words]);
        }

        if (attributes.OfType<RequiredAttribute>().Any() && schema.Type is { } known)
        {
            // The record can be without it, for a serializer's sake; a request cannot.
            schema.Type = known & ~JsonSchemaType.Null;
        }

        if (ParameterTypes.IsClosed(property.DeclaringType) && schema.Items is { Type: JsonSchemaType.String })
        {
            (schema.Items, schema.UniqueItems) = (Name(), true);
        }
    }

    private static OpenApiSchema Name() =>
        new() { Type = JsonSchemaType.String, MinLength = 1, MaxLength = ParameterBounds.MaxNameLength };

    // Words beside null: a list of both makes generators of clients invent a word for null.
    private static void SetWords(OpenApiSchema schema, IReadOnlyList<string> words)
    {
        if (!words.All(word => char.IsAsciiLetter(word[0])))
        {
            // Nor can they name a member after a sign.
            schema.Pattern = $"^({string.Join('|', words.Select(Regex.Escape))})$";
            return;
        }

        IList<JsonNode> known = [.. words.Select(word => (JsonNode)word)];
        if (schema.Type is { } type && type.HasFlag(JsonSchemaType.Null))
        {
            schema.Type = null;
            schema.OneOf = [new OpenApiSchema { Type = JsonSchemaType.Null },
                new OpenApiSchema { Type = JsonSchemaType.String, Enum = known }];
        }
        else
        {
            schema.Enum = known;
        }
    }

    // The parameters of each operation, and which operation has which of them.
    private static async Task DescribeParameters(
        OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var forms = new List<IOpenApiSchema> { new OpenApiSchema { Type = JsonSchemaType.Null } };
        foreach (var type in ParameterTypes.All.Select(pair => pair.Parameters))
        {
            forms.Add(await context.GetOrCreateSchemaAsync(type, null, cancellationToken));
        }

        var listed = string.Join(
            ", ", ParameterTypes.All.Select(pair =>
                $"`{EnumWords<OperationKind>.WordOf(pair.Operation)}`: {pair.Parameters.Name}"));
        schema.Properties!["parameters"] = new OpenApiSchema
        {
            Description = $"The operation's own parameters. {listed}; `convert` has none.", AnyOf = forms,
        };
    }
}
