using System.Globalization;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Files.Outputs;

/// <summary>
/// Word in an output folder that one epoch of a job has ended without a result. A publisher of that epoch may stand still past
/// the point of no return, while another gives the job up; it finds the word when it goes on. A retry has another epoch, which
/// the word does not bind.
/// </summary>
internal sealed class EndedOutput(string folder, JobId job, int epoch)
{
    private const string Prefix = "._ended-";

    /// <summary>Pattern of the names of all such files.</summary>
    public const string Any = $"{Prefix}*";

    private string Word => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{job}-{epoch}"));

    /// <summary>Whether it was said.</summary>
    public bool IsSaid => File.Exists(Word);

    /// <summary>Says it, durably.</summary>
    public void Say()
    {
        // Whatever has its name counts; a link of that name is not followed.
        File.Delete(Word);
        using (new FileStream(Word, FileMode.CreateNew, FileAccess.Write))
        {
        }

        FolderSync.Sync(folder);
    }

    /// <summary>The job has succeeded: what was said of earlier epochs has had its use.</summary>
    public void Forget()
    {
        foreach (var word in Directory.EnumerateFiles(folder, $"{Prefix}{job}-*").ToList())
        {
            File.Delete(word);
        }
    }
}
