using System.Text;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>The text of a source file. What breaks while it is read becomes an error that names the file.</summary>
internal sealed class SourceText(string path, Stream inner) : ForwardStream
{
    /// <summary>The file.</summary>
    public string Path { get; } = path;

    public override int Read(Span<byte> buffer)
    {
        try
        {
            return inner.Read(buffer);
        }
        catch (Exception e)
            when (e is InvalidDataException or ZstdSharp.ZstdException or EndOfStreamException or DecoderFallbackException)
        {
            throw new EngineException(
                FailureKind.SourceUnavailable, $"{Path} cannot be read to its end, it is broken or cut off: {e.Message}",
                ProblemCode.DatasetNotReadable.Word, e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
