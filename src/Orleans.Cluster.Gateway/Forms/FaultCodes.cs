namespace Orleans.Cluster.Gateway.Forms;

/// <summary>Codes of single faults of form, beside the codes of <see cref="Contracts.ProblemCode"/>.</summary>
internal static class FaultCodes
{
    public const string InvalidJson = "invalid-json";
    public const string UnknownField = "unknown-field";
    public const string DuplicateField = "duplicate-field";
    public const string Required = "required";
    public const string WrongType = "wrong-type";
    public const string InvalidValue = "invalid-value";
    public const string OutOfRange = "out-of-range";
    public const string TooLong = "too-long";
    public const string Conflict = "conflict";
    public const string Duplicate = "duplicate";
}
