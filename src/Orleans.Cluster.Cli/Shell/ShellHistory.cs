namespace Orleans.Cluster.Cli.Shell;

/// <summary>
/// Lines of earlier shells, in a file that only its owner can read: queries may name what is nobody else's business.
/// </summary>
internal sealed class ShellHistory(string path)
{
    /// <summary>Older lines are forgotten when the shell starts.</summary>
    public const int Kept = 1_000;

    private readonly List<string> lines = [];

    /// <summary>The history of the user who runs this process.</summary>
    public static ShellHistory OfUser()
    {
        var state = Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } given
            ? given
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        return new ShellHistory(Path.Combine(state, "orleans-cluster", "history"));
    }

    /// <summary>Lines, the newest last.</summary>
    public IReadOnlyList<string> Lines => lines;

    /// <summary>Reads the file, and cuts it to <see cref="Kept"/> lines.</summary>
    public void Load()
    {
        if (!File.Exists(path))
        {
            return;
        }

        var all = File.ReadAllLines(path);
        lines.AddRange(all.TakeLast(Kept));
        if (all.Length > Kept * 2)
        {
            File.WriteAllLines(path, lines);
        }
    }

    /// <summary>Adds a line, unless it is empty or the same as the one before.</summary>
    public void Add(string line)
    {
        if (string.IsNullOrWhiteSpace(line) || (lines.Count > 0 && lines[^1] == line))
        {
            return;
        }

        lines.Add(line);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(path, options);
        writer.WriteLine(line);
    }
}
