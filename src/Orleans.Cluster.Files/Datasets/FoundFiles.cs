using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Datasets;

/// <summary>Files found so far.</summary>
internal sealed class FoundFiles(RealPaths real, DataFaults faults, CancellationToken cancellationToken)
{
    private readonly List<FileStamp> files = [];
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);

    public RealPaths Real { get; } = real;

    public DataFaults Faults { get; } = faults;

    public CancellationToken CancellationToken { get; } = cancellationToken;

    public IReadOnlyList<FileStamp> Files => files;

    public bool IsFull => files.Count >= DataRoots.MaxFiles || Faults.IsFull;

    public void Add(FileStamp file, string pointer)
    {
        // Two globs may both find it; its rows still count once.
        if (!seen.Add(file.Path))
        {
            return;
        }

        files.Add(file);
        if (files.Count == DataRoots.MaxFiles)
        {
            Faults.Add(pointer, Contracts.ProblemCode.DatasetNotReadable,
                $"A dataset can have fewer than {DataRoots.MaxFiles} files; this has more.");
        }
    }
}
