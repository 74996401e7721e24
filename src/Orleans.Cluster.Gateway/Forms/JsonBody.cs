using System.Text.Json;
using System.Text.Unicode;

namespace Orleans.Cluster.Gateway.Forms;

/// <summary>Bytes of a request to a JSON document whose every text can be read, or to a fault with its place.</summary>
internal static class JsonBody
{
    private const int MaxDepth = 64;

    /// <summary>The document, or null when a fault was added.</summary>
    public static JsonDocument? Parse(ReadOnlyMemory<byte> body, FaultList faults)
    {
        var utf8 = WithoutByteOrderMark(body);
        if (utf8.Length == 0)
        {
            faults.Add("", FaultCodes.Required, "The request needs a JSON object as its body.");
            return null;
        }

        try
        {
            CheckTexts(utf8.Span);
            return JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = MaxDepth });
        }
        catch (JsonException e)
        {
            faults.Add("", FaultCodes.InvalidJson,
                $"The body is not JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}: {Reason(e)}");
            return null;
        }
    }

    // JsonDocument checks texts only when they are read, and then throws InvalidOperationException deep inside of somebody else's
    // code.
    private static void CheckTexts(ReadOnlySpan<byte> utf8)
    {
        if (!Utf8.IsValid(utf8))
        {
            throw new JsonException("the text is not UTF-8.", null, Line(utf8, InvalidAt(utf8)), 0);
        }

        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is (JsonTokenType.String or JsonTokenType.PropertyName) && reader.ValueIsEscaped)
            {
                CheckEscapes(reader, utf8);
            }
        }
    }

    private static void CheckEscapes(Utf8JsonReader reader, ReadOnlySpan<byte> utf8)
    {
        try
        {
            reader.GetString();
        }
        catch (InvalidOperationException e)
        {
            var start = (int)reader.TokenStartIndex;
            var column = start - (utf8[..start].LastIndexOf((byte)'\n') + 1);
            throw new JsonException("half of a surrogate pair is not a character.", null, Line(utf8, start), column, e);
        }
    }

    private static int InvalidAt(ReadOnlySpan<byte> utf8)
    {
        Span<char> sink = stackalloc char[256];
        var at = 0;
        while (Utf8.ToUtf16(utf8[at..], sink, out var read, out _, replaceInvalidSequences: false) is var status
            && status == System.Buffers.OperationStatus.DestinationTooSmall)
        {
            at += read;
        }

        Utf8.ToUtf16(utf8[at..], sink, out var last, out _, replaceInvalidSequences: false);
        return at + last;
    }

    private static long Line(ReadOnlySpan<byte> utf8, int at) => utf8[..at].Count((byte)'\n');

    // The reader's own message repeats the place in another counting.
    private static string Reason(JsonException e)
    {
        var end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? e.Message : e.Message[..end];
    }

    private static ReadOnlyMemory<byte> WithoutByteOrderMark(ReadOnlyMemory<byte> body) =>
        body.Span.StartsWith("\uFEFF"u8) ? body[3..] : body;
}
