using System.Text.RegularExpressions;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Files.Places;

/// <summary>
/// Names of what jobs write into output folders. Whatever is deleted there has a name of this form: a manifest is a file that
/// anybody may have written, and what it says is no reason to delete a file that no job can have made.
/// </summary>
internal static partial class OutputNames
{
    /// <summary>How names of manifests begin.</summary>
    public const string ManifestPrefix = "_manifest-";
    private const string ManifestSuffix = ".json";

    /// <summary>Pattern of the names of all manifests.</summary>
    public const string AnyManifest = $"{ManifestPrefix}*{ManifestSuffix}";

    /// <summary>Name of a job's manifest.</summary>
    public static string Manifest(JobId job) => $"{ManifestPrefix}{job}{ManifestSuffix}";

    /// <summary>
    /// Relative name of a data file; <paramref name="subfolder"/> are its <c>key=value</c> folders, or nothing.
    /// </summary>
    public static string Part(AttemptId attempt, int index, string extension, string? subfolder)
    {
        var name = $"part-{attempt.Task.Job}-{attempt.Task.Partition:00000}-{attempt.Number}-{index:000}{extension}";
        return subfolder is { Length: > 0 } ? $"{subfolder}/{name}" : name;
    }

    /// <summary>Name of a data file, in the same folder, until its manifest makes it count.</summary>
    public static string Hidden(string name) =>
        name.LastIndexOf('/') is >= 0 and var slash ? $"{name[..(slash + 1)]}.{name[(slash + 1)..]}" : $".{name}";

    /// <summary>Whether a name, without its folders, is one that people and programs leave out.</summary>
    public static bool IsHidden(string name) => name.StartsWith('.');

    /// <summary>The job whose manifest has this name; null when it is no manifest's name.</summary>
    public static JobId? JobOfManifest(string name) =>
        name.StartsWith(ManifestPrefix, StringComparison.Ordinal) && name.EndsWith(ManifestSuffix, StringComparison.Ordinal)
        && name.Length > ManifestPrefix.Length + ManifestSuffix.Length
        && JobId.TryParse(name[ManifestPrefix.Length..^ManifestSuffix.Length], null, out var job) && Manifest(job) == name
        ? job
        : null;

    /// <summary>The job whose data file has this relative name; null when it is no data file's name.</summary>
    public static JobId? JobOfPart(string name) =>
        PartForm().Match(name) is { Success: true } match
        && JobId.TryParse(match.Groups["job"].ValueSpan.ToString(), null, out var job) ? job : null;

    // Folders have the form key=value: none can be '..', and none makes the name absolute. Earlier versions have put them into
    // one that is called result.
    [GeneratedRegex(
        @"\A(result/(?=[^/=\p{Cc}]+=))?([^/=\p{Cc}]+=[^/\p{Cc}]*/)*"
        + @"part-(?<job>[0-9A-Za-z]+)-[0-9]{5,10}-[0-9]{1,10}-[0-9]{3,10}(\.[0-9A-Za-z_.]*)?\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex PartForm();
}
