using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>A cluster on files alone and one on objects alone, with the same two tables.</summary>
public sealed class S3StoreClusters : IAsyncLifetime
{
    private const int Rows = 4000;

    public EmbeddedCluster Files { get; } = new() { Workers = 1, Arguments = ["--Jobs:PlanBeforeAccept=00:00:30"] };

    public S3StoreCluster Objects { get; } = new();

    public async ValueTask InitializeAsync()
    {
        if (!S3Server.IsExpected)
        {
            return;
        }

        await Files.InitializeAsync();
        await Objects.InitializeAsync();
        foreach (var table in (string[])["a", "b"])
        {
            var text = Table(table == "a" ? 7919 : 6007);
            await File.WriteAllTextAsync(Path.Combine(Files.Folder, $"{table}.csv"), text);
            await Objects.Bucket.PutTextAsync($"open/table/{table}.csv", text);
        }

        var plain = Path.Combine(Files.Folder, "a.csv");
        await using (var target = new GZipStream(File.Create($"{plain}.gz"), CompressionLevel.Fastest))
        {
            await target.WriteAsync(await File.ReadAllBytesAsync(plain));
        }

        File.Copy($"{plain}.gz", Path.Combine(Objects.Folder, "a.csv.gz"));
        await Objects.PutAsync("a.csv.gz", "open/table/a.csv.gz");
    }

    public async ValueTask DisposeAsync()
    {
        await Files.DisposeAsync();
        await Objects.DisposeAsync();
    }

    private static string Table(long factor)
    {
        var text = new StringBuilder("id,k,g,v,x\n");
        for (var row = 0; row < Rows; row++)
        {
            var mixed = row * factor % 104_729;
            var x = row % 17 == 0 ? "" : $"{mixed / 7.0:R}";
            text.Append(CultureInfo.InvariantCulture, $"{row},k{mixed % 13},{mixed % 11},{mixed % 997},{x}\n");
        }

        return text.ToString();
    }
}
