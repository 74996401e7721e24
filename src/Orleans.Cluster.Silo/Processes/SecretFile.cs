using System.Text;

namespace Orleans.Cluster.Silo.Processes;

/// <summary>Files that only their owner may read.</summary>
internal static class SecretFile
{
    /// <summary>Writes ASCII text: readable by its owner alone from the first moment on, and never half written.</summary>
    public static async Task Write(string path, string text)
    {
        var temporary = path + ".tmp";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using (var writer = new StreamWriter(temporary, Encoding.ASCII, options))
        {
            await writer.WriteAsync(text);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
