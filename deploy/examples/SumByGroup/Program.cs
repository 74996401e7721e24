// Submits a job, shows how far it is, and prints the result's rows.
//   SumByGroup FILE GROUP COLUMN        ORLEANS_CLUSTER_SERVER names the gateway, ORLEANS_CLUSTER_API_KEY the caller
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Cluster.Client;
using Orleans.Cluster.Contracts;

if (args is not [var file, var group, var column])
{
    Console.Error.WriteLine("SumByGroup FILE GROUP COLUMN");
    return 2;
}

// A host would call AddOrleansCluster() on its own services; the section "OrleansCluster" of its configuration then has the
// options.
await using var services = new ServiceCollection()
    .AddOrleansCluster(options =>
    {
        options.Address = new Uri(Environment.GetEnvironmentVariable("ORLEANS_CLUSTER_SERVER") ?? "http://127.0.0.1:8001");
        options.ApiKey = Environment.GetEnvironmentVariable("ORLEANS_CLUSTER_API_KEY");
    })
    .BuildServiceProvider();
var jobs = services.GetRequiredService<IJobClient>();

var spec = JobSpecs.Of(
    new AggregateParameters
    {
        GroupBy = [group],
        Aggregates = [new AggregateSpec { Function = "sum", Column = column, As = "total" }],
        OrderBy = [new OrderSpec { Column = group }],
    },
    file) with { Name = $"{column} by {group}", Priority = JobPriority.High };

try
{
    // Every submit has an idempotency key, so one whose answer was lost is sent again and still makes one job.
    var job = await jobs.SubmitAsync(spec);
    await foreach (var status in jobs.WatchAsync(job.Id))
    {
        Console.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{status.Phase} {status.Progress.Fraction:P0} {status.Reason?.Detail}"));
        job = status;
    }

    if (job.Error is { } error)
    {
        Console.Error.WriteLine($"{error.Detail} ({error.Code})");
        return 1;
    }

    var result = await jobs.GetResultAsync(job.Id, limit: 1000);
    foreach (var row in result.Rows)
    {
        Console.WriteLine(string.Join(' ', row));
    }

    return 0;
}
catch (ClusterException refusal)
{
    // All faults of a job at once, each with its place.
    Console.Error.WriteLine($"{refusal.Message} ({refusal.Code.Word}) {refusal.Problem.Hint}");
    foreach (var fault in refusal.Problem.Errors ?? [])
    {
        Console.Error.WriteLine($"  {fault.Pointer}: {fault.Detail}");
    }

    return 1;
}
catch (ClusterUnreachableException outage)
{
    Console.Error.WriteLine(outage.Message);
    return 5;
}
