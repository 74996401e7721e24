using System.Text;
using Orleans.Cluster.Silo.Scaling;

namespace Orleans.Cluster.UnitTests.Scaling;

public sealed class WorkerLogTests
{
    [Fact]
    public void Shorten_WhileItIsWritten_KeepsTheEndAndGoesOnFromTheStart()
    {
        var folder = Directory.CreateTempSubdirectory("orleans-cluster-log-");
        try
        {
            var file = Path.Combine(folder.FullName, "worker-1.log");
            using var writer = new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
            writer.Write(Encoding.UTF8.GetBytes(new string('a', 200)));
            writer.Flush();
            WorkerLog.Shorten(file, mostBytes: 200);
            Assert.Equal(200, new FileInfo(file).Length);

            writer.Write("b"u8);
            writer.Flush();
            WorkerLog.Shorten(file, mostBytes: 200);

            Assert.Equal((0, 201), (new FileInfo(file).Length, new FileInfo(file + ".1").Length));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
