using Orleans.Cluster.Cli;

return await new CliApplication(CliConsole.OfProcess()).RunAsync(args);
