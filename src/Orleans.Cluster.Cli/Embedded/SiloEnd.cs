namespace Orleans.Cluster.Cli.Embedded;

/// <summary>What to say of a silo that has ended by itself.</summary>
internal static class SiloEnd
{
    /// <summary>The exit code of a silo whose command line is wrong.</summary>
    public const int Usage = 2;

    private const int Refused = 1;
    private const int OfSignals = 128;

    /// <summary>The silo's own reason for not starting; null when it gave none, and its logs may tell more.</summary>
    /// <param name="code">Its exit code.</param>
    /// <param name="errors">What it wrote as errors.</param>
    public static string? ReasonOf(int code, IReadOnlyList<string> errors) => code is Refused or Usage && errors.Count > 0
        // Here an option of this program's own says the same.
        ? string.Join(Environment.NewLine, errors).Replace("--Cluster:StateDirectory=...", "--state.", StringComparison.Ordinal)
        : null;

    /// <summary>How it ended, as the rest of a sentence about it.</summary>
    public static string Describe(int code) => code switch
    {
        OfSignals + 2 => "was interrupted (SIGINT)",
        OfSignals + 6 => "crashed (SIGABRT)",
        OfSignals + 9 => "was killed (SIGKILL)",
        OfSignals + 11 => "crashed (SIGSEGV)",
        OfSignals + 15 => "was ended from outside (SIGTERM)",
        > OfSignals and < OfSignals + 65 => $"was ended by signal {code - OfSignals}",
        _ => $"ended with code {code}",
    };
}
