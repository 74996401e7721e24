using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Orleans.Cluster.Contracts;
using Scalar.AspNetCore;

namespace Orleans.Cluster.Gateway.Reference;

/// <summary>
/// The OpenAPI document at <c>/openapi/v1.json</c>, generated from the endpoints and their notes, and its browser at
/// <c>/docs</c>.
/// </summary>
internal static class ApiReference
{
    private const string Document = "v1";
    private const string Problem = "application/problem+json";

    public static IServiceCollection AddApiReference(this IServiceCollection services) =>
        services.AddOpenApi(Document, options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.ShouldInclude = description =>
                description.RelativePath?.StartsWith("api/processing/", StringComparison.Ordinal) == true;
            options.AddDocumentTransformer((document, _, _) => Describe(document));
            options.AddOperationTransformer((operation, context, _) => Describe(operation, context.Document!));
            options.AddSchemaTransformer((schema, context, stop) => ReferenceSchemas.Describe(schema, context, stop));
        });

    /// <summary>Documents of all endpoints below, from their notes.</summary>
    public static RouteGroupBuilder MapDescribed(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("");
        ((IEndpointConventionBuilder)group).Finally(endpoint =>
        {
            if (endpoint.Metadata.OfType<IEndpointNameMetadata>().LastOrDefault() is { } name
                && OperationNotes.ByName.TryGetValue(name.EndpointName, out var note))
            {
                AddDocuments(endpoint.Metadata, note);
            }
        });
        return group;
    }

    public static void MapApiReference(this IEndpointRouteBuilder routes)
    {
        routes.MapOpenApi();
        routes.MapScalarApiReference("/docs", options =>
        {
            options.Title = "Orleans.Cluster";
            options.AddDocument(Document);
            // Nothing is fetched from, and nothing is told to, anybody else.
            options.DefaultFonts = false;
            options.Telemetry = false;
            options.DisableAgent();
            options.DisableMcp();
            options.HideDeveloperTools();
            options.HideClientButton = true;
            options.DynamicBaseServerUrl = true;
        });
    }

    private static void AddDocuments(IList<object> metadata, OperationNote note)
    {
        // What a handler's type says of its answers is said better by the note.
        foreach (var own in metadata.OfType<Microsoft.AspNetCore.Http.Metadata.IProducesResponseTypeMetadata>().ToList())
        {
            metadata.Remove(own);
        }

        metadata.Add(note.Answer is { } answer
            ? new ProducesResponseTypeMetadata(note.Status, answer, ["application/json"])
            : new ProducesResponseTypeMetadata(note.Status));
        foreach (var (status, (other, _)) in note.OtherAnswers)
        {
            metadata.Add(new ProducesResponseTypeMetadata(status, other, ["application/json"]));
        }

        foreach (var status in OperationNotes.Everywhere.Concat(note.Errors).Select(code => code.HttpStatus).Distinct())
        {
            metadata.Add(new ProducesResponseTypeMetadata(status, typeof(ProblemDocument), [Problem]));
        }

        if (note.Body is { } body)
        {
            metadata.Add(new Microsoft.AspNetCore.Http.Metadata.AcceptsMetadata(["application/json"], body, note.IsBodyOptional));
        }
    }

    private static Task Describe(OpenApiDocument document)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Orleans.Cluster", Version = Document,
            Description =
                "Runs data-processing jobs over files. Errors are RFC 9457 problem documents; each has a code, which is stable.",
        };
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            ["key"] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http, Scheme =
                    "bearer", Description = "An API key, or a token of the identity provider. Not needed on loopback.",
            },
        };

        // The second stands for none: callers on loopback need no key unless the gateway was told to ask for one.
        document.Security =
        [
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("key", document)] = [] },
            new OpenApiSecurityRequirement(),
        ];

        // Codes that only end jobs are in no answer; they are in the 'error' of a status document.
        document.Components.Examples = Contracts.ProblemCode.All.OrderBy(code => code.Word, StringComparer.Ordinal).ToDictionary(
            code => code.Word, code => (IOpenApiExample)new OpenApiExample { Summary = code.Title, Value = Examples.Of(code) });
        return Task.CompletedTask;
    }

    private static Task Describe(OpenApiOperation operation, OpenApiDocument document)
    {
        if (operation.OperationId is not { } name || !OperationNotes.ByName.TryGetValue(name, out var note))
        {
            return Task.CompletedTask;
        }

        (operation.Summary, operation.Description) = (note.Summary, note.Description);
        operation.Parameters ??= [];
        foreach (var parameter in note.Parameters)
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = parameter.Name, In = parameter.IsHeader
                    ? ParameterLocation.Header
                    : ParameterLocation.Query, Description = parameter.Description,
                Schema = new OpenApiSchema
                {
                    Type = parameter.IsNumber ? JsonSchemaType.Integer : parameter.IsFlag ? JsonSchemaType.Boolean
                        : JsonSchemaType.String,
                    Format = parameter.IsNumber ? "int64" : null,
                },
                Example = parameter.IsNumber || parameter.IsFlag ? Examples.Parse(parameter.Example) : parameter.Example,
            });
        }

        if (note.BodyExample is { } body && operation.RequestBody?.Content is { } content
            && content.TryGetValue("application/json", out var form))
        {
            form.Example = Examples.Parse(body);
        }

        operation.Responses ??= [];
        DescribeAnswer(operation.Responses, note);
        foreach (var codes in OperationNotes.Everywhere.Concat(note.Errors).GroupBy(code => code.HttpStatus))
        {
            DescribeRefusals(Find(operation.Responses, codes.Key), [.. codes], document);
        }

        return Task.CompletedTask;
    }

    private static void DescribeAnswer(OpenApiResponses responses, OperationNote note)
    {
        var answer = Find(responses, note.Status);
        answer.Description = note.Summary;
        answer.Content ??= new Dictionary<string, OpenApiMediaType>();
        SetExample(answer, note.Example);
        foreach (var type in note.Forms)
        {
            answer.Content[type] = new OpenApiMediaType { Schema = SchemaOf(type) };
        }

        foreach (var (status, meaning) in note.Others)
        {
            var other = Find(responses, status);
            other.Description = meaning;
            SetExample(other, note.OtherAnswers.TryGetValue(status, out var document) ? document.Example : null);
        }
    }

    private static void SetExample(OpenApiResponse response, string? example)
    {
        if (example is not null && response.Content is { } content && content.TryGetValue("application/json", out var json)
            && json is { } form)
        {
            form.Example = Examples.Parse(example);
        }
    }

    // Version 3.1 says of bytes only what they are, by the media type; a schema of text would be untrue.
    private static OpenApiSchema SchemaOf(string type) =>
        type.StartsWith("text/", StringComparison.Ordinal)
        ? new OpenApiSchema { Type = JsonSchemaType.String }
        : new OpenApiSchema();

    // The generator leaves out an answer without a document, such as 204.
    private static OpenApiResponse Find(OpenApiResponses responses, int status)
    {
        if (responses.TryGetValue($"{status}", out var known) && known is OpenApiResponse response)
        {
            return response;
        }

        var added = new OpenApiResponse();
        responses[$"{status}"] = added;
        return added;
    }

    private static void DescribeRefusals(
        OpenApiResponse response, IReadOnlyList<Contracts.ProblemCode> codes, OpenApiDocument document)
    {
        response.Description = string.Join(", ", codes.Select(code => code.Word));
        if (response.Content is { } content && content.TryGetValue(Problem, out var problem) && problem is { } form)
        {
            form.Examples = codes.ToDictionary(
                code => code.Word, code => (IOpenApiExample)new OpenApiExampleReference(code.Word, document));
        }
    }
}
