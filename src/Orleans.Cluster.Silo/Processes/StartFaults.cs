using System.Globalization;
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
            string.Join(
                Environment.NewLine, invalid.Failures.Select(fault => Setting(invalid.OptionsType, fault)).Distinct()),
        InvalidOperationException unreadable when Unreadable().Match(unreadable.Message) is { Success: true } match =>
            $"Setting {match.Groups["key"].Value} cannot be '{match.Groups["value"].Value}'; SETTINGS.md has its form and "
                + "bounds.",
        SqliteException damaged when IsDamage(damaged) => DamagedDatabase("cluster.db"),
        SqliteException { SqliteErrorCode: Full } => NoSpaceLeft(failure),
        IOException when FolderFaults.IsFull(failure) => NoSpaceLeft(failure),
        IOException when FolderFaults.IsOfFolder(failure) => $"A file system is read-only ({failure.Message}).",
        UnauthorizedAccessException => $"This user may not use a file that the start needs ({failure.Message.TrimEnd('.')}).",
        InvalidDataException unreadable when SettingsFile().Match(unreadable.Message) is { Success: true } match =>
            $"The settings file {match.Groups["file"].Value} cannot be read{FaultInFile(unreadable.GetBaseException())}",
        SqliteException { SqliteErrorCode: CannotOpen } => $"cluster.db cannot be opened ({failure.Message})",
        AddressInUseException =>
            "An address that the gateway would listen on is taken by another process. Set Urls to another one.",
        { InnerException: { } inner } => SentenceOf(inner),
        _ => null,
    };

    /// <summary>Whether a file is no database, or one that cannot be read any more.</summary>
    public static bool IsDamage(SqliteException failure) => failure.SqliteErrorCode is Corrupt or NoDatabase;

    /// <summary>What to do about a file of the state directory that is no database.</summary>
    public static string DamagedDatabase(string name) =>
        $"{name} is damaged, or is not a database. Bring it back with 'restore', or move it away to begin anew.";

    private static string NoSpaceLeft(Exception failure) =>
        $"There is no space left on the disk of the state directory ({failure.Message})";

    // The reader of JSON counts lines from 0.
    private static string FaultInFile(Exception fault) => InFile().Match(fault.Message) is { Success: true } match
        ? $", line {int.Parse(match.Groups["line"].Value, CultureInfo.InvariantCulture) + 1}: {match.Groups["fault"].Value}"
        : $": {fault.Message}";

    // The validator names the class and its member; who sets it knows the section.
    private static string Setting(Type type, string fault)
    {
        var section = type.GetField("Section")?.GetRawConstantValue() as string ?? type.Name;
        return Invalid().Match(fault) is not { Success: true } match ? $"Section {section}: {fault}"
            // A sentence that begins with its setting names it well enough.
            : match.Groups["fault"].Value.StartsWith(section + ":", StringComparison.Ordinal) ? match.Groups["fault"].Value
            : $"Setting {section}:{match.Groups["member"].Value}: {match.Groups["fault"].Value}";
    }

    [GeneratedRegex(
        "^DataAnnotation validation failed for '[^']*' members: '(?<member>[^']*)' with the error: '(?<fault>.*)'\\.$",
        RegexOptions.Singleline)]
    private static partial Regex Invalid();

    [GeneratedRegex("^Failed to load configuration from file '(?<file>.*)'\\.$")]
    private static partial Regex SettingsFile();

    [GeneratedRegex(@"^(?<fault>.*?)(?: LineNumber: (?<line>\d+) \| BytePositionInLine: \d+\.)$", RegexOptions.Singleline)]
    private static partial Regex InFile();

    [GeneratedRegex("^Failed to convert configuration value '(?<value>.*)' at '(?<key>[^']*)' to type ", RegexOptions.Singleline)]
    private static partial Regex Unreadable();
}
