using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>JSON documents as one object a line: the elements of an array, one object, or several after each other.</summary>
internal static class JsonLines
{
    /// <summary>The largest document that is held in memory while it is cut.</summary>
    private const long MaxBytes = 1L << 30;

    /// <exception cref="EngineException">This is no JSON, or too large to be cut in memory.</exception>
    public static Stream Open(string path, SourceCompression compression)
    {
        using var source = SourceStreams.OpenInflated(path, compression, "utf-8");
        using var text = new MemoryStream();
        try
        {
            source.CopyTo(text);
        }
        catch (InvalidDataException e)
        {
            throw new EngineException(FailureKind.SourceUnavailable, $"{path} cannot be read: {e.Message}", ErrorCode.DatasetNotReadable.Word, e);
        }

        if (text.Length > MaxBytes)
        {
            throw new EngineException(
                FailureKind.BadData, $"{path} is one JSON document of {text.Length} bytes, more than the {MaxBytes} that are cut in memory. Write it as NDJSON.",
                ErrorCode.DatasetNotReadable.Word);
        }

        return Cut(path, text.GetBuffer().AsSpan(0, (int)text.Length));
    }

    private static MemoryStream Cut(string path, ReadOnlySpan<byte> text)
    {
        text = text.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? text[3..] : text;
        var lines = new MemoryStream(text.Length);
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { AllowMultipleValues = true, MaxDepth = 512 });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.StartArray)
                {
                    Write(lines, JsonElement.ParseValue(ref reader));
                    continue;
                }

                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    Write(lines, JsonElement.ParseValue(ref reader));
                }
            }
        }
        catch (JsonException e)
        {
            throw new EngineException(
                FailureKind.BadData, $"{path}, line {e.LineNumber + 1}, byte {reader.BytesConsumed}: this is no JSON: {e.Message}",
                ErrorCode.DatasetNotReadable.Word, e);
        }

        lines.Position = 0;
        return lines;
    }

    private static void Write(MemoryStream lines, JsonElement value)
    {
        using (var writer = new Utf8JsonWriter(lines))
        {
            value.WriteTo(writer);
        }

        lines.WriteByte((byte)'\n');
    }
}
