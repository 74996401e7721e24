using System.Text;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Engine.Values;

namespace Orleans.Cluster.Engine.Json;

/// <summary>
/// What a value must look like, as far as the engine's reader would change it without a word: its keys, and numbers and times
/// that must not be cut.
/// </summary>
internal sealed class JsonShape
{
    private const int FewFields = 16;

    private Dictionary<string, JsonShape>? _byKey;

    private JsonShape(JsonShapeKind kind, string path, string type) => (Kind, Path, Type) = (kind, path, type);

    /// <summary>How it is made.</summary>
    public JsonShapeKind Kind { get; }

    /// <summary>Column, and fields below it, separated by dots.</summary>
    public string Path { get; }

    /// <summary>The engine's type.</summary>
    public string Type { get; }

    /// <summary>Digits behind the decimal point that the type keeps: of a decimal, or of a second.</summary>
    public int Digits { get; private init; }

    /// <summary>Fields of an object, in order.</summary>
    public IReadOnlyList<JsonShape> Fields { get; private init; } = [];

    /// <summary>Element of a list, value of a map.</summary>
    public JsonShape? Item { get; private init; }

    /// <summary>UTF-8 of the key, unescaped.</summary>
    public byte[] Key { get; private set; } = [];

    /// <summary>The name in quotes, as JSON.</summary>
    public byte[] Name { get; private set; } = [];

    /// <summary>The object that the key was last seen in; an object that has it twice sees its own number.</summary>
    public long SeenIn { get; set; }

    /// <summary>Whether records must be written anew: keys have other names, or decimals more digits than a double.</summary>
    public bool Rewrites { get; private init; }

    /// <summary>The shape of a record with columns.</summary>
    public static JsonShape Of(IReadOnlyList<ColumnSchema> columns, JsonLayout layout)
    {
        if (layout.IsWhole)
        {
            return new JsonShape(JsonShapeKind.Any, "", "JSON");
        }

        var fields = columns.Select(column => Field(column.Name, ColumnType.Parse(column.Type), layout.Renamed, "")).ToList();
        return new JsonShape(JsonShapeKind.Object, "", "") { Fields = fields, Rewrites = fields.Any(field => field.Rewrites) };
    }

    /// <summary>A shape that gives the keys of a sample their names and looks at nothing else.</summary>
    public static JsonShape OfKeys(JsonKeyTree keys)
    {
        var fields = keys.Fields.Select(field =>
        {
            var shape = OfKeys(field.Value);
            shape.Key = Encoding.UTF8.GetBytes(field.Key);
            shape.Name = JsonSerializer.SerializeToUtf8Bytes(field.Value.Name, JsonNames.Options);
            return (Shape: shape, Rewrites: shape.Rewrites || field.Key != field.Value.Name);
        }).ToList();
        return new JsonShape(JsonShapeKind.Keys, "", "")
        {
            Fields = [.. fields.Select(field => field.Shape)], Rewrites = fields.Any(field => field.Rewrites),
        };
    }

    /// <summary>The field of a key; null when there is none. Records mostly have their keys in one order.</summary>
    public JsonShape? Find(ReadOnlySpan<byte> key, ref int next)
    {
        for (var i = 0; i < Math.Min(Fields.Count, FewFields); i++)
        {
            var at = (next + i) % Fields.Count;
            if (key.SequenceEqual(Fields[at].Key))
            {
                next = at + 1;
                return Fields[at];
            }
        }

        if (Fields.Count <= FewFields)
        {
            return null;
        }

        _byKey ??= Fields.ToDictionary(field => Encoding.UTF8.GetString(field.Key), StringComparer.Ordinal);
        return _byKey.GetValueOrDefault(Encoding.UTF8.GetString(key));
    }

    private static JsonShape Field(string name, ColumnType type, IReadOnlyList<JsonKey> renamed, string above)
    {
        var key = renamed.FirstOrDefault(other => other.Name == name);
        var shape = Value(type, key?.Fields ?? [], above.Length == 0
            ? name
            : $"{above}.{name}", key is not null && key.Key != name);
        shape.Key = Encoding.UTF8.GetBytes(key?.Key ?? name);
        shape.Name = JsonSerializer.SerializeToUtf8Bytes(name, JsonNames.Options);
        return shape;
    }

    private static JsonShape Value(ColumnType type, IReadOnlyList<JsonKey> renamed, string path, bool rewrites)
    {
        switch (type.Kind)
        {
            case ColumnTypeKind.Struct:
                var fields = type.Parts.Select(part => Field(part.Name, part.Type, renamed, path)).ToList();
                return new(JsonShapeKind.Object, path, $"{type}") { Fields = fields, Rewrites = rewrites
                    || fields.Any(field => field.Rewrites) };
            case ColumnTypeKind.List or ColumnTypeKind.Array or ColumnTypeKind.Map:
                var item = Value(type.Last, renamed, path, rewrites: false);
                return new(type.Kind == ColumnTypeKind.Map ? JsonShapeKind.Map : JsonShapeKind.List, path, $"{type}")
                {
                    Item = item, Rewrites = rewrites || item.Rewrites,
                };
            default:
                var (kind, digits) = Scalar(type.Name);
                return new(kind, path, type.Name) { Digits = digits, Rewrites = rewrites || kind == JsonShapeKind.Decimal };
        }
    }

    private static (JsonShapeKind Kind, int Digits) Scalar(string type) => type switch
    {
        "TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT" or "HUGEINT" or "UTINYINT" or "USMALLINT" or "UINTEGER" or "UBIGINT"
            or "UHUGEINT" => (JsonShapeKind.Integer, 0),
        "DOUBLE" or "FLOAT" => (JsonShapeKind.Floating, 0),
        "DATE" => (JsonShapeKind.Date, 0),
        "TIMESTAMP_S" => (JsonShapeKind.Time, 0),
        "TIMESTAMP_MS" => (JsonShapeKind.Time, 3),
        "TIME" or "TIMESTAMP" or "TIMESTAMP WITH TIME ZONE" or "TIME WITH TIME ZONE" => (JsonShapeKind.Time, 6),
        "TIMESTAMP_NS" or "TIME_NS" => (JsonShapeKind.Time, 9),
        _ when type.StartsWith("DECIMAL(", StringComparison.Ordinal) => (JsonShapeKind.Decimal, int.Parse(
            type[(type.IndexOf(',', StringComparison.Ordinal) + 1)..^1], System.Globalization.CultureInfo.InvariantCulture)),
        _ => (JsonShapeKind.Any, 0),
    };
}

/// <summary>What is looked at in a value.</summary>
internal enum JsonShapeKind
{
    /// <summary>Nothing: any value is taken as it is.</summary>
    Any = 0,

    /// <summary>Whole numbers.</summary>
    Integer = 1,

    /// <summary>Numbers of so many digits behind the point.</summary>
    Decimal = 2,

    /// <summary>Numbers that a double can hold.</summary>
    Floating = 3,

    /// <summary>Dates without a time.</summary>
    Date = 4,

    /// <summary>Times of so many digits of a second.</summary>
    Time = 5,

    /// <summary>Known keys.</summary>
    Object = 6,

    /// <summary>Elements of one shape.</summary>
    List = 7,

    /// <summary>Any key, values of one shape.</summary>
    Map = 8,

    /// <summary>Keys of objects, also of those in lists; anything else as it is.</summary>
    Keys = 9,
}
