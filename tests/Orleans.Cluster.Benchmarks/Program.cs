using Orleans.Cluster.Benchmarks;

return args switch
{
    ["groupby", .. var rest] => await GroupByBenchmark.Run(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("Benchmarks: groupby [--rows 10000000] [--runs 3] [--folder DIR]");
    return 2;
}
