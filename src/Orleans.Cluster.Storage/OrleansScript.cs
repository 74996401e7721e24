namespace Orleans.Cluster.Storage;

/// <summary>The scripts of <c>deploy/</c> that make Orleans' own tables. Each may run any number of times.</summary>
internal static class OrleansScript
{
    public static string Postgres => Read("orleans.postgres.sql");

    public static string Sqlite => Read("orleans.sqlite.sql");

    private static string Read(string name)
    {
        using var stream = typeof(OrleansScript).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The script {name} is not embedded in this assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
