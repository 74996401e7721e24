using Orleans.Cluster.Benchmarks;

return args switch
{
    ["table", .. var rest] => await TableBenchmark.Run(rest),
    ["eta", .. var rest] => await EtaBenchmark.Run(rest),
    ["groupby", .. var rest] => await GroupByBenchmark.Run(rest),
    ["load", .. var rest] => await LoadBenchmark.Run(rest),
    ["memory", .. var rest] => await MemoryBenchmark.Run(rest),
    ["skew", .. var rest] => await ShapeBenchmark.Skew(rest),
    ["profile", var csv, .. var rest] => await ShapeBenchmark.Profile(csv, rest),
    ["results", .. var rest] => await ResultBenchmark.Run(rest),
    ["scale", .. var rest] => await ScaleBenchmark.Run(rest),
    ["scan", .. var rest] => await ScanBenchmark.Run(rest),
    ["small", .. var rest] => await SmallTaskBenchmark.Run(rest),
    ["task", var csv] => await TaskBenchmark.Run(csv, runs: 5),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine(
        "Benchmarks: table [--quick] [--rows 10000000] [--runs 7] [--only NAME] [--task-memory 512MB] | "
        + "eta [--rows 10000000] [--only NAME] [--trace] | groupby [--rows 10000000] [--runs 3] "
        + "| memory [--millions 10] [--only NAME] | skew [--rows 20000000] | profile FILE.csv [--runs 3] "
        + "| results [--rows 10000000] | small [--tasks 200] | scan [--rows 2000000] [--runs 7] | load [--clients 100] "
        + "[--seconds 15] [--events-only] "
        + "| scale [--waiting 10000] [--partitions 100000] [--files 10000] [--history 100000] [--postgres CONNECTION] | "
        + "task FILE.csv; each but the "
        + "last two takes --folder DIR");
    return 2;
}
