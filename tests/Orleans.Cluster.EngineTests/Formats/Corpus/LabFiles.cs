using System.Text;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.EngineTests.Formats.Corpus;

/// <summary>Tables as programs of biology write them, each with LF, CR LF, without a last line end, and compressed.</summary>
internal static class LabFiles
{
    public static IEnumerable<WrittenFile> All()
    {
        foreach (var file in Plain())
        {
            var text = Encoding.UTF8.GetString(file.Bytes);
            yield return file;
            yield return file with
            {
                Name = $"crlf-{file.Name}", Bytes = Encoding.UTF8.GetBytes(text.Replace("\n", "\r\n", StringComparison.Ordinal)),
            };
            yield return file with { Name = $"cut-{file.Name}", Bytes = Encoding.UTF8.GetBytes(text[..^1]) };
            yield return file with { Name = $"{file.Name}.gz", Bytes = Compressed.Gzip(text) };
        }
    }

    private static IEnumerable<WrittenFile> Plain() =>
    [
        File(
            "salmon-quant.sf", "Name:VARCHAR Length:BIGINT EffectiveLength:DOUBLE TPM:DOUBLE NumReads:DOUBLE",
            "Name\tLength\tEffectiveLength\tTPM\tNumReads", "ENST1\t1657\t1458.5\t0.5\t12.53", "ENST2\t632\t433\t0\t0"),
        File(
            "featurecounts.txt", "Geneid:VARCHAR Chr:VARCHAR Start:BIGINT Length:BIGINT a.bam:BIGINT",
            "# Program:featureCounts v2.0.1; Command:\"featureCounts\" \"-T\" \"4\"", "Geneid\tChr\tStart\tLength\ta.bam",
            "ENSG1\tchr1;chr1\t11869\t1735\t0",
            "ENSG2\tchr1\t14404\t1351\t25"),
        Doubtful(
            "star-ReadsPerGene.out.tab", "column0:VARCHAR column1:BIGINT column2:BIGINT", new SourceOptions { Header = false },
            "N_unmapped\t100\t100", "N_multimapping\t7\t7", "ENSG1\t0\t5"),
        Doubtful(
            "star-SJ.out.tab", "column0:VARCHAR column1:BIGINT column2:BIGINT column3:BIGINT",
            new SourceOptions { Header = false },
            "chr1\t14830\t14969\t2", "chr1\t15039\t15795\t2"),
        Asks(
            "star-ReadsPerGene-undeclared.tab", "column0:VARCHAR column1:BIGINT column2:BIGINT", ["header-doubtful"], false,
            "N_unmapped\t100\t103", "N_multimapping\t7\t7", "ENSG1\t0\t5"),
        File(
            "star-SJ-numbers.out.tab", "column0:BIGINT column1:BIGINT column2:BIGINT column3:BIGINT", "1\t14830\t14969\t2",
            "1\t15039\t15795\t2") with
        {
            Warnings = ["header-doubtful"],
        },
        File(
            "salmon-quant.genes.sf", "Name:VARCHAR Length:DOUBLE TPM:DOUBLE NumReads:DOUBLE",
            "Name\tLength\tTPM\tNumReads", "ENSG1\t1657\t0\t0", "ENSG2\t632.5\t1.25\t12.530"),
        File(
            "kallisto-abundance.tsv", "target_id:VARCHAR length:BIGINT est_counts:DOUBLE tpm:DOUBLE",
            "target_id\tlength\test_counts\ttpm", "ENST1\t1657\t0\t0", "ENST2\t632\t12.5\t1e-05"),
        File(
            "rsem.genes.results", "gene_id:VARCHAR transcript_id(s):VARCHAR length:DOUBLE expected_count:DOUBLE",
            "gene_id\ttranscript_id(s)\tlength\texpected_count", "ENSG1\tENST1;ENST2\t1657.00\t12.00",
            "ENSG2\tENST3\t632.00\t0.00"),
        File(
            "featurecounts-fraction.txt", "Geneid:VARCHAR Length:BIGINT a.bam:DOUBLE b.bam:BIGINT",
            "# Program:featureCounts v2.0.1; Command:\"featureCounts\" \"-M\" \"--fraction\"", "Geneid\tLength\ta.bam\tb.bam",
            "ENSG1\t1735\t0\t1",
            "ENSG2\t1351\t25.33\t7"),
        File(
            "featurecounts.txt.summary", "Status:VARCHAR a.bam:BIGINT b.bam:BIGINT", "Status\ta.bam\tb.bam",
            "Assigned\t1000\t2000", "Unassigned_Unmapped\t0\t5"),
        Asks(
            "plink.assoc", "CHR:BIGINT SNP:VARCHAR BP:BIGINT F_A:DOUBLE", ["delimiter-doubtful"], true,
            " CHR         SNP         BP      F_A ", "   1   rs3131972     752721   0.1667 ",
            "   1   rs3131969     754182        0 "),
        File("plink.frq", "CHR:BIGINT SNP:VARCHAR MAF:DOUBLE", " CHR         SNP          MAF", "   1   rs3131972       0.1534",
            "  22   rs3131969       0.1307") with
        {
            Options = new SourceOptions { Delimiter = "whitespace" },
        },
        Asks("plink.raw", "FID:VARCHAR IID:BIGINT rs1_A:BIGINT", ["delimiter-doubtful"], true, "FID IID rs1_A", "F1 1 0",
            "F2 2 2"),
        Asks(
            "plink-undeclared.fam", "column0:VARCHAR column1:VARCHAR column2:BIGINT column3:BIGINT",
            ["delimiter-doubtful", "header-doubtful"], false, "F1 I1 0 1", "F2 I2 0 2"),
        Asks(
            "plink.eigenvec", "column0:BIGINT column1:BIGINT column2:DOUBLE", ["delimiter-doubtful", "header-doubtful"], false,
            "1 1 0.0123", "2 2 -0.0456"),
        File("plink2.eigenvec", "#FID:VARCHAR IID:VARCHAR PC1:DOUBLE", "#FID\tIID\tPC1", "F1\tI1\t0.0123", "F2\tI2\t-0.0023"),
        File("plink2.afreq", "#CHROM:BIGINT ID:VARCHAR ALT_FREQS:DOUBLE OBS_CT:BIGINT", "#CHROM\tID\tALT_FREQS\tOBS_CT",
            "1\trs1\t0.25\t176", "1\trs2\t0.5\t176"),
        File("plink2.vmiss", "#CHROM:VARCHAR ID:VARCHAR MISSING_CT:BIGINT F_MISS:DOUBLE", "#CHROM\tID\tMISSING_CT\tF_MISS",
            "1\trs1\t1\t0.01", "X\trs2\t0\t0"),
        Asks(
            "bcftools-query-undeclared.txt", "column0:VARCHAR column1:BIGINT column2:VARCHAR", ["header-doubtful"], false,
            "chr1\t10177\tA", "chr2\t10352\tT", "chrX\t1\tTA"),
        File("bcftools-query-h.txt", "#[1]CHROM:VARCHAR [2]POS:BIGINT [3]a:GT:VARCHAR", "#[1]CHROM\t[2]POS\t[3]a:GT",
            "chr1\t10177\t0/1", "chr2\t10352\t1/1"),
        Doubtful(
            "plink.bim", "column0:BIGINT column1:VARCHAR column2:BIGINT column3:BIGINT column4:VARCHAR",
            new SourceOptions { Header = false },
            "1\trs1\t0\t1000\tA", "1\trs2\t0\t2000\tG", "2\trs3\t0\t3000\tT"),
        Doubtful(
            "plink.fam", "column0:VARCHAR column1:VARCHAR column2:BIGINT column3:BIGINT",
            new SourceOptions { Header = false, Delimiter = " " },
            "F1 I1 0 1", "F2 I2 0 2"),
        File("plink2.psam", "#FID:VARCHAR IID:VARCHAR SEX:BIGINT", "#FID\tIID\tSEX", "F1\tI1\t1", "F2\tI2\t2"),
        File(
            "plink2.pvar", "#CHROM:BIGINT POS:BIGINT ID:VARCHAR REF:VARCHAR", "##fileformat=VCFv4.2", "##x=\"1",
            "#CHROM\tPOS\tID\tREF", "1\t1000\trs1\tA", "2\t2000\trs2\tG"),
        File("plink2.glm.linear", "#CHROM:BIGINT POS:BIGINT BETA:DOUBLE P:DOUBLE", "#CHROM\tPOS\tBETA\tP", "1\t1000\t0.5\t1e-10",
            "1\t2000\t-0.25\t0.5"),
        File(
            "bcftools-view.txt", "#CHROM:VARCHAR POS:BIGINT QUAL:DOUBLE FILTER:VARCHAR", "##fileformat=VCFv4.2",
            "##contig=<ID=chr1>", "#CHROM\tPOS\tQUAL\tFILTER",
            "chr1\t100\t29.5\tPASS", "chrX\t200\t3\tq10"),
        File(
            "bcftools-query.txt", "# [1]CHROM:VARCHAR [2]POS:BIGINT [3]REF:VARCHAR", "# [1]CHROM\t[2]POS\t[3]REF", "chr1\t100\tA",
            "chr2\t200\tT") with
        {
            Warnings = ["header-doubtful"],
        },
        File(
            "deseq2.csv", "column0:VARCHAR baseMean:DOUBLE padj:VARCHAR", "\"\",\"baseMean\",\"padj\"", "\"ENSG1\",12.5,0.01",
            "\"ENSG2\",0,NA") with
        {
            Warnings = ["names-mended", "null-words"],
        },
    ];

    private static WrittenFile File(string name, string columns, params string[] lines) => new()
    {
        Name = name,
        Bytes = Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n"))),
        Columns = [.. columns.Split(' ').Aggregate(new List<string>(), Join).Select(pair => pair[..pair.LastIndexOf(':')])],
        Types = [.. columns.Split(' ').Aggregate(new List<string>(), Join).Select(pair => pair[(pair.LastIndexOf(':') + 1)..])],
        Rows = [.. Records(lines, columns.Split(' ').Aggregate(new List<string>(), Join))],
    };

    // The header "# [1]CHROM" has a space in it.
    private static List<string> Join(List<string> pairs, string next)
    {
        if (pairs is [.., "#"])
        {
            pairs[^1] += " " + next;
        }
        else
        {
            pairs.Add(next);
        }

        return pairs;
    }

    private static WrittenFile Doubtful(string name, string columns, SourceOptions options, params string[] lines) =>
        File(name, columns, lines) with { Options = options };

    // Read as well as can be without being told, and asked about.
    private static WrittenFile Asks(string name, string columns, string[] warnings, bool firstIsHeader, params string[] lines)
    {
        var file = File(name, columns, lines) with { Warnings = warnings };
        return firstIsHeader && file.Rows.Count == lines.Length ? file with { Rows = [.. file.Rows.Skip(1)] } : file;
    }

    private static IEnumerable<IReadOnlyList<string?>> Records(string[] lines, List<string> columns)
    {
        var delimiter = lines[^1].Contains('\t', StringComparison.Ordinal) ? '\t'
            : lines[^1].Contains(',', StringComparison.Ordinal) ? ',' : ' ';
        return lines.Select(line =>
            line.Split(delimiter, delimiter == ' ' ? StringSplitOptions.RemoveEmptyEntries : StringSplitOptions.None))
            .Where(fields => fields.Length == columns.Count).Select(fields => fields.Select(field => field.Trim('"')).ToList())
            .Where(fields => fields[0] != columns[0][..columns[0].LastIndexOf(':')]
                && fields[^1] != columns[^1][..columns[^1].LastIndexOf(':')])
            .Select(fields =>
                (IReadOnlyList<string?>)[
                    .. fields.Select((field, i) => columns[i].EndsWith(":VARCHAR", StringComparison.Ordinal)
                        ? field
                        : Number(field))]);
    }

    private static string Number(string field) =>
        double.Parse(field, System.Globalization.CultureInfo.InvariantCulture)
        .ToString("R", System.Globalization.CultureInfo.InvariantCulture);
}
