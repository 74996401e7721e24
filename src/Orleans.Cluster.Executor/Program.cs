using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Executor;
using Orleans.Cluster.Protocol;
using StreamJsonRpc;

// Requests and replies are framed messages over the original standard streams; whatever the program prints goes to the error
// stream.
var input = Console.OpenStandardInput();
var output = Console.OpenStandardOutput();
Console.SetOut(Console.Error);

var arguments = ExecutorArguments.Parse(args);
OutOfMemoryPreference.PreferThisProcess();
KernelBounds.EndWithParent();
KernelBounds.EndAtOverflow();
if (arguments.DataBytes is { } bytes)
{
    KernelBounds.LimitData(bytes);
}

if (Environment.GetEnvironmentVariable(SourceRules.Variable) is { } rules)
{
    SourceGuard.Keep(JsonSerializer.Deserialize<SourceRules>(rules)!);
}

var lease = new ProcessLease(arguments, KernelBounds.SetAlarm);
using var service = new ExecutorService(lease);
var formatter = new SystemTextJsonFormatter { JsonSerializerOptions = WireJson.Apply(new()) };
using var rpc = new JsonRpc(new HeaderDelimitedMessageHandler(output, input, formatter));
rpc.AddLocalRpcTarget<Orleans.Cluster.Protocol.IExecutor>(service, null);
rpc.StartListening();
lease.Watch();
try
{
    await rpc.Completion;
}
catch (Exception exception) when (exception is IOException or ObjectDisposedException)
{
    await Console.Error.WriteLineAsync($"The pipe to the silo broke: {exception.Message}");
}

// The silo has gone. Nobody waits for what may still run here.
lease.End("Its silo closed the pipe.");
