using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Connections;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Silo.Processes;

/// <summary>
/// Why a process cannot start, in a sentence, where it is the machine's or the settings' fault. What is this program's keeps its
/// stack.
/// </summary>
internal static partial class StartFaults
{
    // Of the errors of the system, as the runtime hands them on.
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;

    // Of SQLite.
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int NoDatabase = 26;

    /// <summary>The sentence; null for a fault of the program.</summary>
    public static string? SentenceOf(Exception failure) => failure switch
    {
        StartRefusedException refusal => refusal.Message,
        OptionsValidationException invalid =>
            string.Join(Environment.NewLine, invalid.Failures.Select(fault => Setting(invalid.OptionsType, fault))),
        InvalidOperationException unreadable when Unreadable().Match(unreadable.Message) is { Success: true } match =>
            $"Setting {match.Groups["key"].Value} cannot be '{match.Groups["value"].Value}'; SETTINGS.md has its form and "
                + "bounds.",
        SqliteException { SqliteErrorCode: Corrupt or NoDatabase } =>
            "cluster.db is damaged, or is not a database. Bring it back with 'restore', or move it away to begin anew.",
        SqliteException { SqliteErrorCode: Full } or IOException { HResult: NoSpace or QuotaExceeded } =>
            $"There is no space left on the disk of the state directory ({failure.Message})",
        SqliteException { SqliteErrorCode: CannotOpen } => $"cluster.db cannot be opened ({failure.Message})",
        AddressInUseException =>
            "An address that the gateway would listen on is taken by another process. Set Urls to another one.",
        { InnerException: { } inner } => SentenceOf(inner),
        _ => null,
    };

    // The validator names the class and its member; who sets it knows the section.
    private static string Setting(Type type, string fault)
    {
        var section = type.GetField("Section")?.GetRawConstantValue() as string ?? type.Name;
        return Invalid().Match(fault) is { Success: true } match
            ? $"Setting {section}:{match.Groups["member"].Value}: {match.Groups["fault"].Value}"
            : $"Section {section}: {fault}";
    }

    [GeneratedRegex(
        "^DataAnnotation validation failed for '[^']*' members: '(?<member>[^']*)' with the error: '(?<fault>.*)'\\.$",
        RegexOptions.Singleline)]
    private static partial Regex Invalid();

    [GeneratedRegex("^Failed to convert configuration value '(?<value>.*)' at '(?<key>[^']*)' to type ", RegexOptions.Singleline)]
    private static partial Regex Unreadable();
}
