using System.Text;
using System.Text.RegularExpressions;

namespace Orleans.Cluster.Files.Datasets;

/// <summary>
/// A path with wildcards, part by part: <c>*</c> and <c>?</c> within a part, <c>[a-z]</c> and <c>[!a-z]</c>, <c>{a,b}</c>, and a part
/// <c>**</c> for any number of folders, none too. As in a shell, wildcards do not find names that begin with a dot.
/// </summary>
internal sealed class GlobPattern
{
    private static readonly EnumerationOptions OneFolder = new()
    {
        // What cannot be read must be heard of: a folder left out in silence is rows left out.
        IgnoreInaccessible = false,
        AttributesToSkip = 0,
        ReturnSpecialDirectories = false,
    };

    private readonly string[] parts;

    /// <param name="baseFolder">Folder that the pattern is relative to.</param>
    /// <param name="relativePattern">Parts parted by <c>/</c>, none of them empty, <c>.</c> or <c>..</c>.</param>
    public GlobPattern(string baseFolder, string relativePattern)
    {
        BaseFolder = baseFolder;
        parts = relativePattern.Split('/');
    }

    public string BaseFolder { get; }

    public static bool HasWildcards(string path) => path.AsSpan().ContainsAny("*?[{");

    /// <summary>Files that match, sorted by ordinal order of their paths. Links are followed, but by <c>**</c> only to files.</summary>
    /// <exception cref="UnauthorizedAccessException">A folder cannot be read.</exception>
    public List<string> Find(int atMost, CancellationToken cancellationToken)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        Walk(BaseFolder, 0, found, atMost, cancellationToken);
        var sorted = found.ToList();
        sorted.Sort(StringComparer.Ordinal);
        return sorted;
    }

    private void Walk(string folder, int index, HashSet<string> found, int atMost, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var part = parts[index];
        var isLast = index == parts.Length - 1;
        if (part == "**")
        {
            WalkAnyDepth(folder, index, found, atMost, cancellationToken);
            return;
        }

        foreach (var path in Matches(folder, part))
        {
            if (found.Count > atMost)
            {
                return;
            }

            if (!isLast && Directory.Exists(path))
            {
                Walk(path, index + 1, found, atMost, cancellationToken);
            }
            else if ((isLast && File.Exists(path)) || LeadsNowhere(path))
            {
                // Whoever reads the list refuses such a link by name: left out, it would be rows, or a folder of them, that nobody misses.
                found.Add(path);
            }
        }
    }

    // A trailing '**' means all files below.
    private void WalkAnyDepth(string folder, int index, HashSet<string> found, int atMost, CancellationToken cancellationToken)
    {
        if (index == parts.Length - 1)
        {
            found.UnionWith(Matches(folder, "*").Where(path => File.Exists(path) || LeadsNowhere(path)).Take(atMost + 1 - Math.Min(found.Count, atMost)));
        }
        else
        {
            Walk(folder, index + 1, found, atMost, cancellationToken);
        }

        foreach (var child in Matches(folder, "*").Where(IsRealFolder))
        {
            WalkAnyDepth(child, index, found, atMost, cancellationToken);
        }
    }

    private static bool LeadsNowhere(string path)
    {
        var link = new FileInfo(path);
        try
        {
            return link.LinkTarget is not null && link.ResolveLinkTarget(returnFinalTarget: true)?.FullName is var target
                && !File.Exists(target) && !Directory.Exists(target);
        }
        catch (IOException)
        {
            // Links in a circle.
            return true;
        }
    }

    // A link to a folder above would make '**' walk in circles.
    private static bool IsRealFolder(string path) => new DirectoryInfo(path) is { Exists: true, LinkTarget: null };

    private static IEnumerable<string> Matches(string folder, string part)
    {
        if (!HasWildcards(part))
        {
            var path = Path.Combine(folder, part);
            return Path.Exists(path) ? [path] : [];
        }

        var regex = ToRegex(part);
        return Directory.EnumerateFileSystemEntries(folder, "*", OneFolder)
            .Where(path => Path.GetFileName(path) is var name && (name[0] != '.' || part[0] == '.') && regex.IsMatch(name));
    }

    private static Regex ToRegex(string part)
    {
        var text = new StringBuilder("^");
        var inBraces = false;
        for (var i = 0; i < part.Length; i++)
        {
            var c = part[i];
            if (c == '[' && part.IndexOf(']', Math.Min(i + 2, part.Length)) is > 0 and var end)
            {
                text.Append(ToSet(part[(i + 1)..end]));
                i = end;
                continue;
            }

            if (c == '{' && !inBraces && part.IndexOf('}', i) > 0)
            {
                inBraces = true;
                text.Append("(?:");
                continue;
            }

            var isEnd = inBraces && c == '}';
            inBraces &= !isEnd;
            text.Append(c switch
            {
                '*' => ".*",
                '?' => ".",
                '}' when isEnd => ")",
                ',' when inBraces => "|",
                _ => Regex.Escape($"{c}"),
            });
        }

        // Without backtracking a pattern cannot take exponential time.
        return new Regex(text.Append("\\z").ToString(), RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant);
    }

    private static string ToSet(string set)
    {
        var isNegated = set[0] is '!' or '^';
        var members = (isNegated ? set[1..] : set).Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("[", "\\[", StringComparison.Ordinal).Replace("]", "\\]", StringComparison.Ordinal).Replace("^", "\\^", StringComparison.Ordinal);
        return $"[{(isNegated ? "^" : "")}{members}]";
    }
}
