using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.WebConsole.Calls;

/// <summary>An answer as it came.</summary>
internal sealed record Reply(int Status, byte[] Content, string? Tag)
{
    public bool IsNotModified => Status == 304;

    /// <summary>The document, or the refusal.</summary>
    public Answer<T> Read<T>()
        where T : class
    {
        try
        {
            if (Status is < 200 or > 299 && !(typeof(T) == typeof(JsonDocument) && Status == 503))
            {
                return new Answer<T>(null, JsonSerializer.Deserialize<ProblemDocument>(Content, WireJson.Options)
                    ?? Odd("an empty answer"));
            }

            return Content.Length == 0
                ? new Answer<T>(null, null)
                : new Answer<T>(JsonSerializer.Deserialize<T>(Content, WireJson.Options), null);
        }
        catch (JsonException e)
        {
            return new Answer<T>(null, Odd(e.Message));
        }
    }

    private ProblemDocument Odd(string what) =>
        ProblemDocument.Of(ProblemCode.Internal, $"The gateway answered {Status} in a form that this page does not know: {what}");
}

/// <summary>A document, or why there is none; both null where there is nothing to say.</summary>
internal sealed record Answer<T>(T? Document, ProblemDocument? Problem)
    where T : class;
