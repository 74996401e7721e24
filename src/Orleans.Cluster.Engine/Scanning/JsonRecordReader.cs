using System.Runtime.CompilerServices;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// Reads records of JSON, one a line, each value as it comes, into the vectors of its columns. It takes what is certain: objects
/// with known keys, each once, and values that their fields take.
/// </summary>
/// <param name="keys">Keys of the columns.</param>
/// <param name="fields">The columns.</param>
/// <param name="passesOver">Whether keys that no column has are passed over.</param>
internal sealed unsafe class JsonRecordReader(JsonKeys keys, JsonField[] fields, bool passesOver)
{
    private readonly long[] _seenIn = new long[fields.Length];
    private long _number;

    /// <summary>Reads one record.</summary>
    /// <param name="at">Its first byte, a brace for any that it takes.</param>
    /// <param name="row">Place of its values.</param>
    /// <returns>Behind its closing brace; null for a record that it does not take.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public byte* Read(byte* at, int row)
    {
        if (*at != (byte)'{')
        {
            return null;
        }

        _number++;
        var (next, seen) = (0, 0);
        at = JsonTokens.SkipSpace(at + 1);
        if (*at == (byte)'}')
        {
            return End(at, row, seen);
        }

        while (*at == (byte)'"')
        {
            at++;
            var field = next;
            if (!keys.IsAt(ref at, field) && (at = FindKey(at, out field)) is null)
            {
                return null;
            }

            at = JsonTokens.SkipSpace(at);
            if (field >= 0)
            {
                if (_seenIn[field] == _number)
                {
                    return null;
                }

                _seenIn[field] = _number;
                seen++;
                next = field + 1;
                var column = fields[field];
                at = column.Read(at, row & column.RowMask);
            }
            else
            {
                at = passesOver ? JsonUnknownValue.Skip(at) : null;
            }

            if (at is null)
            {
                return null;
            }

            at = JsonTokens.SkipSpace(at);
            if (*at != (byte)',')
            {
                return End(at, row, seen);
            }

            at = JsonTokens.SkipSpace(at + 1);
        }

        return null;
    }

    private byte* End(byte* at, int row, int seen)
    {
        if (*at != (byte)'}')
        {
            return null;
        }

        if (seen < fields.Length)
        {
            SetMissing(row);
        }

        return at + 1;
    }

    // Of any key, from behind its opening quote to behind the colon.
    private byte* FindKey(byte* at, out int field)
    {
        field = -1;
        var end = JsonTokens.FindQuote(at);
        if (end is null)
        {
            return null;
        }

        field = keys.Find(new ReadOnlySpan<byte>(at, (int)(end - at)));
        at = JsonTokens.SkipSpace(end + 1);
        return *at == (byte)':' ? at + 1 : null;
    }

    private void SetMissing(int row)
    {
        for (var field = 0; field < fields.Length; field++)
        {
            if (_seenIn[field] != _number)
            {
                fields[field].SetNull(row);
            }
        }
    }
}

/// <summary>Values of keys that no column has: nobody reads them, but they must be JSON.</summary>
internal static unsafe class JsonUnknownValue
{
    private static readonly System.Text.Json.JsonReaderOptions Options = new() { MaxDepth = Json.JsonRecords.MaxDepth };

    /// <summary>Behind a value; null where it is no JSON.</summary>
    public static byte* Skip(byte* at)
    {
        var end = JsonTokens.SkipValue(at);
        if (end is null)
        {
            return null;
        }

        var reader = new System.Text.Json.Utf8JsonReader(new ReadOnlySpan<byte>(at, (int)(end - at)), Options);
        try
        {
            while (reader.Read())
            {
            }

            return end;
        }
        catch (System.Text.Json.JsonException)
        {
            // What is wrong with the record is told by the one who reads it in its stead.
            return null;
        }
    }
}
