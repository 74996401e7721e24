using Microsoft.Win32.SafeHandles;

namespace Orleans.Cluster.Engine.Objects;

/// <summary>The bytes of a file of this machine.</summary>
/// <param name="file">The open file; closed with this.</param>
internal sealed class FileBytes(SafeFileHandle file) : SourceBytes
{
    public override long Length => RandomAccess.GetLength(file);

    public override int Read(Span<byte> buffer, long offset) => RandomAccess.Read(file, buffer, offset);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            file.Dispose();
        }
    }
}
