namespace Orleans.Cluster.Contracts;

/// <summary>How much of a request's faults one answer tells: a hundred, and some 150,000 characters.</summary>
internal static class FaultBounds
{
    /// <summary>Faults of one answer, the one that counts the others among them.</summary>
    public const int Most = 100;

    /// <summary>Characters of what an answer says of all.</summary>
    public const int LongestDetail = 16_000;

    /// <summary>Code of the last fault, where there are more.</summary>
    public const string More = "too-many-faults";

    private const int LongestFault = 1000;
    private const int LongestPointer = 300;

    /// <summary>The first faults, each bounded, and how many there are besides.</summary>
    public static IReadOnlyList<Fault> Bound(IReadOnlyList<Fault> faults) =>
        faults.Count <= Most
            ? [.. faults.Select(Short)]
            : [.. faults.Take(Most - 1).Select(Short), new Fault("", More, Others(faults.Count - (Most - 1)))];

    /// <summary>A text, or its beginning and how long it is.</summary>
    public static string Cut(string text, int longest) => text.Length <= longest
        ? text
        : $"{text.AsSpan(0, char.IsHighSurrogate(text[longest - 1]) ? longest - 1 : longest)}... ({text.Length} characters)";

    private static Fault Short(Fault fault) => fault.Pointer.Length <= LongestPointer && fault.Detail.Length <= LongestFault
        ? fault
        : new Fault(Cut(fault.Pointer, LongestPointer), fault.Code, Cut(fault.Detail, LongestFault));

    private static string Others(int count) => $"{count} more faults are not listed.";
}
