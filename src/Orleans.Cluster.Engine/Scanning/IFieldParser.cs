namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// Reads values of one type. Each says in its summary which spellings it takes; whatever else stands there is a bad row.
/// </summary>
/// <typeparam name="T">How the engine holds a value.</typeparam>
internal unsafe interface IFieldParser<T>
    where T : unmanaged
{
    /// <summary>
    /// Reads a value from text that begins and ends without spaces or quotes; bytes behind the end may be read, and mean nothing.
    /// </summary>
    bool TryParse(byte* start, byte* end, out T value);
}
