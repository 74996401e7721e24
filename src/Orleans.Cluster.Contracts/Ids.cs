using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Orleans.Cluster.Contracts;

/// <summary>
/// Names one job for its whole life: 26 characters of Crockford base 32 (a ULID), whose order as text is the order of
/// creation to the millisecond.
/// </summary>
[GenerateSerializer, Immutable, Alias("JobId")]
[JsonConverter(typeof(JobIdJsonConverter))]
public readonly record struct JobId : IParsable<JobId>, IComparable<JobId>
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private const int Length = 26;

    private JobId(string value) => Value = value;

    /// <summary>The text itself, upper-case.</summary>
    [Id(0)]
    public string Value { get; }

    /// <summary>A new id: 48 bits of Unix milliseconds, then random bits.</summary>
    public static JobId New() => From(Guid.CreateVersion7());

    /// <summary>A new id whose time part is <paramref name="createdAt"/>.</summary>
    public static JobId New(DateTimeOffset createdAt) => From(Guid.CreateVersion7(createdAt));

    private static JobId From(Guid guid)
    {
        Span<byte> bytes = stackalloc byte[16];
        guid.TryWriteBytes(bytes, bigEndian: true, out _);
        var number = System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return new JobId(string.Create(Length, number, static (text, rest) =>
        {
            for (var i = text.Length - 1; i >= 0; i--)
            {
                text[i] = Alphabet[(int)(rest & 31)];
                rest >>= 5;
            }
        }));
    }

    /// <summary>Reads an id in either case.</summary>
    /// <exception cref="FormatException">The text is not 26 characters of Crockford base 32.</exception>
    public static JobId Parse(string s, IFormatProvider? provider = null) =>
        TryParse(s, provider, out var id)
            ? id
            : throw new FormatException($"'{s}' is not a job id (26 characters, 0-9 and A-Z).");

    /// <inheritdoc cref="IParsable{TSelf}.TryParse"/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out JobId result)
    {
        var upper = s?.ToUpperInvariant();
        var valid = upper is { Length: Length } && upper[0] <= '7'
            && upper.All(c => Alphabet.Contains(c, StringComparison.Ordinal));
        result = valid ? new JobId(upper!) : default;
        return valid;
    }

    /// <summary>Ordinal order of the text, which is the order of creation.</summary>
    public int CompareTo(JobId other) => string.CompareOrdinal(Value, other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value ?? "";
}

/// <summary>One partition of one stage of one job: the unit that attempts are made of.</summary>
/// <param name="Job">The job.</param>
/// <param name="Stage">Stage number, from 0.</param>
/// <param name="Partition">Partition number within the stage, from 0. Children of a split take numbers after all others.</param>
[GenerateSerializer, Immutable, Alias("TaskId")]
public readonly record struct TaskId([property: Id(0)] JobId Job, [property: Id(1)] int Stage, [property: Id(2)] int Partition)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Job}/{Stage}/{Partition}";
}

/// <summary>One execution of a task.</summary>
/// <param name="Task">What is executed.</param>
/// <param name="Number">Which execution of it, from 1. Only the highest number given out may commit.</param>
[GenerateSerializer, Immutable, Alias("AttemptId")]
public readonly record struct AttemptId([property: Id(0)] TaskId Task, [property: Id(1)] int Number)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Task}/{Number}";
}

/// <summary>
/// One life of one worker silo, for example <c>w-127.0.0.1:11111@154464667</c>. A silo that starts again has a new id, so what an
/// earlier life held can be told from what this one holds.
/// </summary>
[GenerateSerializer, Immutable, Alias("WorkerId")]
[JsonConverter(typeof(WorkerIdJsonConverter))]
public readonly record struct WorkerId([property: Id(0)] string Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value ?? "";
}
