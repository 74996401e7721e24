using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Orleans.Cluster.Cli.Demo;

/// <summary>
/// A made-up expression table: gene, sample, tissue, count and tpm, one row for each gene of each sample. The same number of rows
/// always gives the same bytes. It keeps the sums of each group while it writes, so that a result can be checked without a second
/// reader.
/// </summary>
internal sealed class ExpressionTable
{
    private const int BufferBytes = 1 << 20;
    private const int LongestRow = 128;

    private static readonly string[] Genes =
    [
        "ACTB", "AKT1", "ALK", "APC", "APOE", "AR", "ATM", "BAX", "BCL2", "BRAF", "BRCA1", "BRCA2", "CCND1", "CD4", "CD8A",
        "CDH1",
        "CDK4", "CDKN2A", "CFTR", "COL1A1", "CTNNB1", "DNMT3A", "EGFR", "ERBB2", "ESR1", "FLT3", "FOXP3", "GAPDH", "GATA3", "HBB",
        "HIF1A", "HLA-A", "HRAS", "IDH1", "IL6", "INS", "JAK2", "KIT", "KRAS", "MAPK1", "MET", "MKI67", "MTOR", "MYC", "NF1",
        "NOTCH1", "NPM1", "NRAS", "PIK3CA", "PTEN", "RB1", "RUNX1", "SMAD4", "STAT3", "TERT", "TET2", "TNF", "TP53", "VEGFA",
        "WT1",
    ];

    private static readonly string[] Tissues =
        ["blood", "brain", "breast", "colon", "heart", "kidney", "liver", "lung", "muscle", "ovary", "pancreas", "skin"];

    private readonly byte[][] geneFields = [.. Genes.Select(gene => Encoding.ASCII.GetBytes($"{gene},S"))];
    private readonly byte[][] tissueFields = [.. Tissues.Select(tissue => Encoding.ASCII.GetBytes($",{tissue},"))];
    private readonly GroupSums[] sums = new GroupSums[Genes.Length * Tissues.Length];

    /// <summary>Sums by gene and tissue over the rows written.</summary>
    public IReadOnlyDictionary<(string Gene, string Tissue), GroupSums> Sums =>
        sums.Select((group, index) => (Key: (Genes[index / Tissues.Length], Tissues[index % Tissues.Length]), group))
            .Where(pair => pair.group.Rows > 0)
            .ToDictionary(pair => pair.Key, pair => pair.group);

    /// <summary>Writes a header and the rows.</summary>
    /// <param name="path">The file, made anew.</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="progress">Gets rows written, now and then.</param>
    /// <param name="cancellationToken">Stops between two buffers.</param>
    /// <returns>Bytes written.</returns>
    public long Write(string path, long rows, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var buffer = new byte[BufferBytes];
        var used = Put(buffer, 0, "gene,sample,tissue,count,tpm\n"u8);
        for (var row = 0L; row < rows; row++)
        {
            used = PutRow(buffer, used, row);
            if (used > BufferBytes - LongestRow)
            {
                cancellationToken.ThrowIfCancellationRequested();
                file.Write(buffer, 0, used);
                progress?.Report(row + 1);
                used = 0;
            }
        }

        file.Write(buffer, 0, used);
        progress?.Report(rows);
        return file.Length;
    }

    private int PutRow(byte[] buffer, int used, long row)
    {
        var gene = (int)(row % Genes.Length);
        var sample = row / Genes.Length;
        var tissue = (int)(sample % Tissues.Length);
        var noise = Mix((ulong)row);

        // A level of the gene in the tissue, and noise with a long tail around it, as counts of reads have. Whole numbers only:
        // the same on every machine.
        var level = 20 + (long)(Mix((ulong)(gene * 31 + tissue * 1009) + 7) % 5000);
        var count = level * (long)(25 + noise % 150) / 100 + (noise % 997 == 0 ? level * 20 : 0);
        var tpmHundredths = count * 1_000 / (80 + (long)((noise >> 32) % 40));

        used = Put(buffer, used, geneFields[gene]);
        used = Put(buffer, used, sample + 1, minDigits: 6);
        used = Put(buffer, used, tissueFields[tissue]);
        used = Put(buffer, used, count, minDigits: 1);
        buffer[used++] = (byte)',';
        used = Put(buffer, used, tpmHundredths / 100, minDigits: 1);
        buffer[used++] = (byte)'.';
        used = Put(buffer, used, tpmHundredths % 100, minDigits: 2);
        buffer[used++] = (byte)'\n';
        sums[gene * Tissues.Length + tissue].Add(count, tpmHundredths);
        return used;
    }

    private static int Put(byte[] buffer, int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(buffer.AsSpan(at));
        return at + text.Length;
    }

    private static int Put(byte[] buffer, int at, long number, byte minDigits)
    {
        Utf8Formatter.TryFormat(number, buffer.AsSpan(at), out var written, new StandardFormat('D', minDigits));
        return at + written;
    }

    /// <summary>SplitMix64's output function: a random-looking number for each row, whatever was written before it.</summary>
    private static ulong Mix(ulong value)
    {
        value = (value + 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 30)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
