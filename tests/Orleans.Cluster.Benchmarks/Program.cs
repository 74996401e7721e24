using Orleans.Cluster.Benchmarks;

return args switch
{
    ["groupby", .. var rest] => await GroupByBenchmark.Run(rest),
    ["load", .. var rest] => await LoadBenchmark.Run(rest),
    ["task", var csv] => await TaskBenchmark.Run(csv, runs: 5),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("Benchmarks: groupby [--rows 10000000] [--runs 3] [--folder DIR] | task FILE.csv | load [--clients 100] [--seconds 15] [--events-only]");
    return 2;
}
