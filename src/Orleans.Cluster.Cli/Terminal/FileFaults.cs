using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Orleans.Cluster.Cli.Terminal;

/// <summary>What can be wrong with a file of the caller, in words: which file, where in it, and what.</summary>
internal static partial class FileFaults
{
    private const int DiskFull = 0x1C; // ENOSPC

    /// <summary>The words of an exception that a file or a folder made; of the path where the exception has it.</summary>
    public static string Of(Exception failure, string? path = null)
    {
        path ??= QuotedPath().Match(failure.Message) is { Success: true } match ? match.Groups["path"].Value : null;
        var subject = path is null ? "The file" : $"'{path}'";
        return failure switch
        {
            FileNotFoundException => $"There is no file {Name(path)}.",
            DirectoryNotFoundException when path is not null =>
                $"There is no folder '{Path.GetDirectoryName(Path.GetFullPath(path))}' for '{Path.GetFileName(path)}'.",
            DirectoryNotFoundException => "There is no such folder.",
            PathTooLongException => $"{subject} is too long for a path.",
            UnauthorizedAccessException when Directory.Exists(path) => $"{subject} is a folder. Name a file.",
            UnauthorizedAccessException when path is null => "Permission denied: a file or a folder cannot be opened or made.",
            UnauthorizedAccessException => $"{subject} cannot be opened: permission denied.",
            IOException { HResult: DiskFull } => $"{subject} cannot be written: the disk is full.",
            IOException when Directory.Exists(path) => $"{subject} is a folder. Name a file.",
            _ => failure.Message,
        };
    }

    /// <summary>The words for text that is not JSON; lines and columns count from 1, as editors show them.</summary>
    public static string OfJson(JsonException failure, string name, string text)
    {
        var line = (int)(failure.LineNumber ?? 0);
        var before = Encoding.UTF8.GetBytes(text.Split('\n').ElementAtOrDefault(line) ?? "");
        var bytes = (int)Math.Min(failure.BytePositionInLine ?? 0, before.Length);
        var column = Encoding.UTF8.GetString(before, 0, bytes).EnumerateRunes().Count() + 1;
        return text.Trim().Length == 0
            ? $"{name} is not JSON: it is empty."
            : $"{name} is not JSON: line {line + 1}, column {column}: {Plain(failure.Message)}";
    }

    private static string Name(string? path) => path is null ? "of that name" : $"'{path}'";

    // The reader's messages end with counts from 0, and speak of payloads.
    private static string Plain(string message)
    {
        var sentence = Places().Replace(message, "").Trim();
        foreach (var (begin, words) in Sentences)
        {
            if (Regex.Match(sentence, begin) is { Success: true } match)
            {
                return match.Result(words);
            }
        }

        return sentence;
    }

    private static readonly (string Begin, string Words)[] Sentences =
    [
        ("^Expected depth to be zero|^Expected end of string", "It ends before an object, a list or a text is closed."),
        ("^'(?<sign>.)' is invalid after a value", "A comma or a closing bracket is missing before ${sign}."),
        ("^'(?<sign>.)' is an invalid start of a value", "A value must begin here, and ${sign} begins none."),
        ("^'(?<sign>.)' is an invalid start of a property name", "A name in quotes must begin here, not ${sign}."),
        ("^'(?<sign>.)' is invalid after a property name", "A colon is missing before ${sign}."),
        ("^'(?<sign>.)' is invalid after a single JSON value", "Only one value may be in it; ${sign} comes after."),
        ("^'(?<sign>.)' is an invalid end of a number", "A number is cut off, or has a wrong character: ${sign}."),
        ("^'(?<word>.*)' is an invalid JSON literal", "'${word}' is neither a text in quotes, a number, true, false nor null."),
        ("^'(?<sign>.)' is an invalid escapable character", "A backslash must not come before ${sign}."),
        ("^'0x(?<code>[0-9A-F]+)' is invalid within a JSON string", "A text must end in the line in which it begins."),
    ];

    [GeneratedRegex("'(?<path>[^']+)'")]
    private static partial Regex QuotedPath();

    [GeneratedRegex(@" (Path: \S+ \| )?LineNumber: .*$", RegexOptions.Singleline)]
    private static partial Regex Places();
}
