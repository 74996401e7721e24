namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// Which fields of a record are looked at, as the delimiters that bound them: all others are passed over without a look.
/// </summary>
internal sealed class WantedFields
{
    /// <param name="width">Fields of a record.</param>
    /// <param name="wanted">Numbers of those that are wanted, from 0, rising.</param>
    public WantedFields(int width, IReadOnlyList<int> wanted)
    {
        Width = width;
        Slots = new int[width];
        Array.Fill(Slots, -1);
        var (ordinals, ended, begun) = (new List<int>(), new List<int>(), new List<int>());
        for (var slot = 0; slot < wanted.Count; slot++)
        {
            var field = wanted[slot];
            Slots[field] = slot;
            if (field > 0)
            {
                Begin(field, slot);
            }

            if (field < width - 1)
            {
                ordinals.Add(field + 1);
                ended.Add(slot);
                begun.Add(-1);
            }
        }

        // Behind the last there is none: a number of delimiters that no record has.
        ordinals.Add(int.MaxValue);
        ended.Add(-1);
        begun.Add(-1);
        (Ordinals, Ended, Begun) = ([.. ordinals], [.. ended], [.. begun]);
        FirstSlot = Slots[0];
        LastSlot = Slots[width - 1];

        void Begin(int field, int slot)
        {
            if (ordinals.Count > 0 && ordinals[^1] == field)
            {
                begun[^1] = slot;
                return;
            }

            ordinals.Add(field);
            ended.Add(-1);
            begun.Add(slot);
        }
    }

    /// <summary>Fields of a record.</summary>
    public int Width { get; }

    /// <summary>The slot of each field; -1 where it is not wanted.</summary>
    public int[] Slots { get; }

    /// <summary>
    /// Delimiters of a record at which a wanted field begins or ends, counted from 1, rising; the last is beyond any record.
    /// </summary>
    public int[] Ordinals { get; }

    /// <summary>The slot that ends at each of them, or -1.</summary>
    public int[] Ended { get; }

    /// <summary>The slot that begins behind each of them, or -1.</summary>
    public int[] Begun { get; }

    /// <summary>The slot that begins with the record, or -1.</summary>
    public int FirstSlot { get; }

    /// <summary>The slot that ends with the record, or -1.</summary>
    public int LastSlot { get; }
}
