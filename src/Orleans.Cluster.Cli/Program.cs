using Orleans.Cluster.Cli;
using Orleans.Cluster.Cli.Terminal;

return await new CliApplication(CliConsole.OfProcess()).RunAsync(args);
