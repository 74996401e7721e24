using System.Globalization;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Files.Datasets;

/// <summary>
/// The dataset of a job that names none: the configured one, or in the embedded default a small expression table that we write.
/// </summary>
internal sealed class DefaultDataset(IOptions<ClusterSettings> settings, IConfiguration configuration, ClusterPaths paths)
{
    private const string FileName = "expression.csv";

    private static readonly string[] Genes =
    [
        "ACTB", "AKT1", "APC", "ARID1A", "ATM", "BRAF", "BRCA1", "BRCA2", "CD4", "CD8A", "CDKN2A", "CTNNB1", "DNMT3A", "EGFR",
        "ERBB2",
        "ESR1", "EZH2", "FLT3", "FOXP3", "GAPDH", "GATA3", "HBB", "IDH1", "IDH2", "IL6", "JAK2", "KIT", "KRAS", "MDM2", "MKI67",
        "MLH1",
        "MTOR", "MYC", "NF1", "NOTCH1", "NPM1", "NRAS", "PAX6", "PIK3CA", "PTEN", "RB1", "RUNX1", "SMAD4", "SOX2", "STAT3",
        "TET2",
        "TNF", "TP53", "VEGFA", "WT1",
    ];

    private static readonly string[] Tissues = ["blood", "brain", "breast", "colon", "kidney", "liver", "lung", "skin"];

    private const int SamplesPerTissue = 10;

    private readonly Lock writing = new();

    /// <summary>Folder of the table, which is a data root beside the configured ones.</summary>
    public static string FolderIn(ClusterPaths paths) => Path.Combine(paths.State, "sample");

    /// <exception cref="ClusterException">
    /// <c>validation-failed</c> at <c>/source</c> when there is no default dataset.
    /// </exception>
    public SourceSpec Require()
    {
        if (settings.Value.DefaultSource is { Path.Count: > 0 } configured)
        {
            return configured;
        }

        if (configuration.GetConnectionString("Postgres") is not null)
        {
            const string Detail = "A source is required: this cluster has no default dataset (Cluster:DefaultSource).";
            throw new ClusterException(
                Contracts.ProblemCode.ValidationFailed, Detail, errors: [new Fault("/source", "required", Detail)]);
        }

        return new SourceSpec { Path = [WriteSample()], Format = SourceFormat.Csv };
    }

    private string WriteSample()
    {
        var folder = FolderIn(paths);
        var path = Path.Combine(folder, FileName);
        lock (writing)
        {
            if (!File.Exists(path))
            {
                // Several silos may write at once; each moves a whole file, and all files are the same.
                Directory.CreateDirectory(folder);
                var part = Path.Combine(folder, $".{FileName}.{Guid.NewGuid():N}");
                File.WriteAllText(part, Sample());
                File.Move(part, path, overwrite: true);
            }
        }

        return path;
    }

    /// <summary>Counts of 50 genes in 80 samples. The same text at each call, on each machine.</summary>
    internal static string Sample()
    {
        var text = new StringBuilder("gene,sample,tissue,count,tpm\n");
        for (var sample = 0; sample < Tissues.Length * SamplesPerTissue; sample++)
        {
            for (var gene = 0; gene < Genes.Length; gene++)
            {
                var count = CountOf(gene, sample);
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"{Genes[gene]},S{sample + 1:000},{Tissues[sample / SamplesPerTissue]},{count},"
                    + $"{count / (1.5 + (gene % 7)):0.00}\n");
            }
        }

        return text.ToString();
    }

    // Each gene has a level of its own in each tissue, and each sample a spread around it.
    private static uint CountOf(int gene, int sample)
    {
        var level = Mix((uint)((gene * 31) + (sample / SamplesPerTissue))) % 1500;
        return level * (70 + (Mix((uint)((gene * 1000) + sample)) % 60)) / 100;
    }

    private static uint Mix(uint value)
    {
        value = (value ^ (value >> 16)) * 0x45D9F3B;
        value = (value ^ (value >> 16)) * 0x45D9F3B;
        return value ^ (value >> 16);
    }
}
