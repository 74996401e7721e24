using Microsoft.Win32.SafeHandles;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Storage;

/// <summary>
/// Opens files of users. A path was checked when the job was planned, but whoever may write in a data root can put a link, a pipe
/// or a device in its place afterwards. So what counts is the open file itself: the kernel says where it is and what it is, and
/// nobody can exchange it.
/// </summary>
public static class SourceGuard
{
    private static volatile SourceRules? rules;

    /// <summary>From now on this process reads what the rules allow, and nothing else.</summary>
    public static void Keep(SourceRules allowed) => rules = allowed;

    /// <summary>Opens a file for reading, without ever waiting for it.</summary>
    /// <exception cref="EngineException">It cannot be read, is no file, or is where nothing may be read.</exception>
    internal static SafeFileHandle Open(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return OpenPlainly(path);
        }

        try
        {
            var handle = Descriptors.OpenAnything(path);
            try
            {
                Require(path, handle);
                return handle;
            }
            catch
            {
                handle.Dispose();
                throw;
            }
        }
        catch (IOException e)
        {
            throw new EngineException(
                FailureKind.SourceUnavailable, $"{path} cannot be read: {e.Message.TrimEnd('.')}.", inner: e);
        }
    }

    private static void Require(string path, SafeFileHandle handle)
    {
        var kind = Descriptors.KindOf(handle);
        if (kind != FileKind.Regular)
        {
            throw Unavailable(kind == FileKind.Folder
                ? $"{path} is a folder, not a file."
                : $"{path} is a pipe, a socket or a device, not a file.");
        }

        if (rules is { } kept && !kept.IsOwn(path) && kept.WhyNot(Descriptors.RealPath(handle)) is { } why)
        {
            throw new EngineException(
                FailureKind.SourceUnavailable,
                $"{path} was exchanged for a link since the job was planned: the file that it leads to {why}.",
                ProblemCode.PathNotAllowed.Word);
        }
    }

    private static SafeFileHandle OpenPlainly(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException(
                FailureKind.SourceUnavailable, Directory.Exists(path)
                ? $"{path} is a folder, not a file."
                : $"{path} cannot be read: {e.Message}", inner: e);
        }
    }

    private static EngineException Unavailable(string message) => new(FailureKind.SourceUnavailable, message);
}
