namespace Orleans.Cluster.Cli.Demo;

/// <summary>What is known of one group of the expression table: exact, as all values are whole numbers of hundredths.</summary>
internal record struct GroupSums(long Rows, long Count, long TpmHundredths)
{
    public void Add(long count, long tpmHundredths)
    {
        Rows++;
        Count += count;
        TpmHundredths += tpmHundredths;
    }

    public readonly double MeanTpm => TpmHundredths / 100.0 / Rows;
}
