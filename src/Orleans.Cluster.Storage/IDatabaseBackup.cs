namespace Orleans.Cluster.Storage;

/// <summary>
/// A copy of the database as it is at one moment, taken while the cluster works, and an empty database filled from it.
/// </summary>
internal interface IDatabaseBackup
{
    /// <summary>What the copy is of: <c>sqlite</c> or <c>postgres</c>. One cannot be restored into the other.</summary>
    string Kind { get; }

    /// <summary>The latest step of the schema that this program knows.</summary>
    string SchemaVersion { get; }

    /// <summary>Writes files into a folder that exists. Whoever writes meanwhile is not held up.</summary>
    /// <exception cref="Coordination.Settings.StartRefusedException">
    /// The database does not have this program's schema.
    /// </exception>
    Task Save(string folder, CancellationToken cancellationToken);

    /// <summary>Makes the database what the files say.</summary>
    /// <exception cref="Coordination.Settings.StartRefusedException">It has jobs already; nothing was changed.</exception>
    Task Restore(string folder, CancellationToken cancellationToken);
}
