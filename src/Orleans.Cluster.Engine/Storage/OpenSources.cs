using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Engine.Storage;

/// <summary>
/// Files that the engine opens by itself, by a name that cannot be exchanged: that of a descriptor of this process, which is
/// opened and looked at first. They stay open while the scope lasts, which is a request's; the engine knows them by descriptor,
/// and people by path.
/// </summary>
internal sealed partial class OpenSources : IDisposable
{
    private static readonly AsyncLocal<OpenSources?> Scope = new();

    private readonly OpenSources? outer = Scope.Value;
    private readonly ConcurrentDictionary<string, SafeFileHandle> handles = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> own = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> paths = new(StringComparer.Ordinal);

    private OpenSources() => Scope.Value = this;

    /// <summary>Opens a scope, on top of the one that is open.</summary>
    public static OpenSources Begin() => new();

    /// <summary>The name under which the engine opens a file.</summary>
    /// <exception cref="EngineException">It cannot be read, or may not be.</exception>
    public static string Name(string path)
    {
        var scope = Scope.Value ?? throw new InvalidOperationException("A file is named to the engine outside of a request.");
        if (!OperatingSystem.IsLinux() || scope.own.ContainsKey(path))
        {
            return path;
        }

        // Of two at once each may open it; one is kept.
        var opened = scope.handles.TryGetValue(path, out var known) ? known : scope.Keep(path, SourceGuard.Open(path));
        var name = $"/proc/self/fd/{opened.DangerousGetHandle()}";
        scope.paths[name] = path;
        return name;
    }

    /// <summary>A file that the engine has written itself, where nobody else writes, keeps its name.</summary>
    public static void KeepName(string path) => Scope.Value!.own.TryAdd(path, true);

    /// <summary>As a literal for a statement.</summary>
    public static string Literal(string path) => SqlText.Literal(Name(path));

    /// <summary>The path of a file that the engine names.</summary>
    public static string PathOf(string name)
    {
        for (var scope = Scope.Value; scope is not null; scope = scope.outer)
        {
            if (scope.paths.TryGetValue(name, out var path))
            {
                return path;
            }
        }

        return name;
    }

    /// <summary>What the engine says, with paths for its names.</summary>
    public static string Said(string message) => Names().Replace(message, match => PathOf(match.Value));

    public void Dispose()
    {
        Scope.Value = outer;
        foreach (var handle in handles.Values)
        {
            handle.Dispose();
        }
    }

    private SafeFileHandle Keep(string path, SafeFileHandle opened)
    {
        var kept = handles.GetOrAdd(path, opened);
        if (!ReferenceEquals(kept, opened))
        {
            opened.Dispose();
        }

        return kept;
    }

    [GeneratedRegex("/proc/self/fd/[0-9]+")]
    private static partial Regex Names();
}
