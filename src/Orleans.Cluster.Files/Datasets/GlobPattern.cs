using System.Text;
using System.Text.RegularExpressions;

namespace Orleans.Cluster.Files.Datasets;

/// <summary>
/// A path with wildcards, part by part: <c>*</c> and <c>?</c> within a part, <c>[a-z]</c> and <c>[!a-z]</c>, <c>{a,b}</c>, and a
/// part
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

    /// <summary>Parts of a pattern.</summary>
    public const int MaxParts = 64;

    /// <summary>Names that one search may look at.</summary>
    public const int MaxNames = 2_000_000;

    private readonly string[] parts;
    private readonly Regex?[] regexes;
    private readonly int maxNames;

    /// <param name="baseFolder">Folder that the pattern is relative to.</param>
    /// <param name="relativePattern">Parts separated by <c>/</c>, none of them empty, <c>.</c> or <c>..</c>.</param>
    /// <param name="maxNames">Names that a search may look at.</param>
    /// <exception cref="InvalidDataException">It is no pattern, or has too many parts.</exception>
    public GlobPattern(string baseFolder, string relativePattern, int maxNames = MaxNames)
    {
        BaseFolder = baseFolder;
        this.maxNames = maxNames;
        var written = relativePattern.Split('/');
        if (written.Length > MaxParts)
        {
            throw new InvalidDataException(
                $"It has {written.Length} parts with wildcards and behind them; at most {MaxParts} are allowed.");
        }

        // '**/**' finds what '**' finds.
        parts = [.. written.Where((part, i) => i == 0 || part != "**" || written[i - 1] != "**")];
        regexes = [.. parts.Select(part => part != "**" && HasWildcards(part) ? ToRegex(part) : null)];
    }

    public string BaseFolder { get; }

    public static bool HasWildcards(string path) => path.AsSpan().ContainsAny("*?[{");

    /// <summary>
    /// Files that match, sorted by ordinal order of their paths. Links are followed, but by <c>**</c> only to files.
    /// </summary>
    /// <exception cref="UnauthorizedAccessException">A folder cannot be read.</exception>
    /// <exception cref="InvalidDataException">More names would have to be looked at than one search may.</exception>
    public List<string> Find(int atMost, CancellationToken cancellationToken)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        new Search(this, found, atMost, cancellationToken).Walk(BaseFolder, 0);
        var sorted = found.ToList();
        sorted.Sort(StringComparer.Ordinal);
        return sorted;
    }

    /// <summary>
    /// Whether a path of these names, relative to the base folder, matches. It need not be a file of this machine.
    /// </summary>
    public bool IsMatch(IReadOnlyList<string> names)
    {
        // For each part, how many of the names all parts before it may have taken: the work is parts times names, whatever the
        // pattern.
        var taken = new bool[names.Count + 1];
        taken[0] = true;
        for (var index = 0; index < parts.Length; index++)
        {
            taken = parts[index] == "**"
                ? TakeAnyDepth(taken, names, isLast: index == parts.Length - 1)
                : TakeOne(taken, names, index);
        }

        return taken[^1];
    }

    private bool[] TakeOne(bool[] taken, IReadOnlyList<string> names, int index)
    {
        var next = new bool[taken.Length];
        for (var i = 0; i < names.Count; i++)
        {
            next[i + 1] = taken[i] && IsNamed(names[i], index);
        }

        return next;
    }

    // As in a walk: a last '**' means all files below, another one any number of folders; neither goes through names with a dot
    // before them.
    private static bool[] TakeAnyDepth(bool[] taken, IReadOnlyList<string> names, bool isLast)
    {
        var next = new bool[taken.Length];
        var goesOn = false;
        for (var i = 0; i < taken.Length; i++)
        {
            goesOn = goesOn && i > 0 && names[i - 1] is not ['.', ..];
            next[i] = goesOn || (taken[i] && !isLast);
            goesOn |= taken[i];
        }

        return next;
    }

    private bool IsNamed(string name, int index) => regexes[index] is { } regex
        ? (name is not ['.', ..] || parts[index][0] == '.') && regex.IsMatch(name)
        : name == parts[index];

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
        try
        {
            return new Regex(
                text.Append("\\z").ToString(),
                RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant);
        }
        catch (ArgumentException exception)
        {
            throw new InvalidDataException(
                $"'{part}' is not a valid pattern: a range such as [a-z] begins with its smaller character.", exception);
        }
    }

    private static string ToSet(string set)
    {
        var isNegated = set[0] is '!' or '^';
        var members = (isNegated ? set[1..] : set).Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("[", "\\[", StringComparison.Ordinal)
            .Replace("]", "\\]", StringComparison.Ordinal).Replace("^", "\\^", StringComparison.Ordinal);
        return $"[{(isNegated ? "^" : "")}{members}]";
    }

    /// <summary>
    /// One walk. No folder is looked through twice for the same rest of the pattern, so that the work is at most folders times
    /// parts, however many ways lead to a file.
    /// </summary>
    private sealed class Search(GlobPattern pattern, HashSet<string> found, int atMost, CancellationToken cancellationToken)
    {
        private readonly HashSet<(string Folder, int Index)> visited = [];
        private int names;

        public void Walk(string folder, int index)
        {
            if (found.Count > atMost || !visited.Add((folder, index)))
            {
                return;
            }

            var isLast = index == pattern.parts.Length - 1;
            if (pattern.parts[index] == "**")
            {
                WalkAnyDepth(folder, index, isLast);
                return;
            }

            foreach (var path in Matches(folder, index))
            {
                if (found.Count > atMost)
                {
                    return;
                }

                if (!isLast && Directory.Exists(path))
                {
                    Walk(path, index + 1);
                }
                else if ((isLast && File.Exists(path)) || LeadsNowhere(path))
                {
                    // Whoever reads the list refuses such a link by name: left out, it would be rows, or a folder of them, that
                    // nobody misses.
                    found.Add(path);
                }
            }
        }

        // A trailing '**' means all files below.
        private void WalkAnyDepth(string folder, int index, bool isLast)
        {
            if (!isLast)
            {
                Walk(folder, index + 1);
            }

            foreach (var path in Entries(folder).Where(path => Path.GetFileName(path)[0] != '.'))
            {
                if (IsRealFolder(path))
                {
                    Walk(path, index);
                }
                else if (isLast && found.Count <= atMost && (File.Exists(path) || LeadsNowhere(path)))
                {
                    found.Add(path);
                }
            }
        }

        private IEnumerable<string> Matches(string folder, int index)
        {
            var part = pattern.parts[index];
            if (pattern.regexes[index] is not { } regex)
            {
                Count();
                var path = Path.Combine(folder, part);
                return Path.Exists(path) ? [path] : [];
            }

            return Entries(folder)
                .Where(path => Path.GetFileName(path) is var name && (name[0] != '.' || part[0] == '.') && regex.IsMatch(name));
        }

        private IEnumerable<string> Entries(string folder)
        {
            foreach (var path in Directory.EnumerateFileSystemEntries(folder, "*", OneFolder))
            {
                Count();
                yield return path;
            }
        }

        private void Count()
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (++names > pattern.maxNames)
            {
                throw new InvalidDataException($"It looks at more than {pattern.maxNames} names. Name the folders more closely.");
            }
        }
    }
}
