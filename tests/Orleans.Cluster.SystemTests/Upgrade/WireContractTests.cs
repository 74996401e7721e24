using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Planning.Scaling;
using Orleans.Cluster.Protocol;
using Orleans.Runtime;
using Orleans.Serialization;

namespace Orleans.Cluster.SystemTests.Upgrade;

/// <summary>
/// Silos of two builds form one cluster while a new build rolls out, and a new build reads what an old one stored. So what the
/// last release has written must be read by today's types: its members keep their numbers, and its bytes keep their meaning. What
/// is new may be added. A release renews the files beside this one: run these tests with <c>ORLEANS_CLUSTER_RELEASE=1</c>.
/// </summary>
public sealed class WireContractTests
{
    private static readonly bool IsRelease = Environment.GetEnvironmentVariable("ORLEANS_CLUSTER_RELEASE") == "1";
    private static readonly DateTimeOffset At = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Members_OfTheLastRelease_KeepTheirNumbers()
    {
        var now = Describe().ToList();
        var file = PathOf("LastRelease.members.txt");
        if (IsRelease)
        {
            File.WriteAllLines(file, now);
        }

        var lost = File.ReadAllLines(file).Except(now).ToList();

        Assert.True(lost.Count == 0, $"A silo of the last release would misread these:\n{string.Join('\n', lost)}");
    }

    [Fact]
    public void Bytes_OfTheLastRelease_AreReadAsTheyWereMeant()
    {
        var serializer = new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();
        var file = PathOf("LastRelease.samples.txt");
        if (IsRelease)
        {
            File.WriteAllLines(file, Samples().Select(sample =>
                $"{sample.GetType().Name} {Convert.ToBase64String(serializer.SerializeToArray<object>(sample))} "
                + $"{Json(sample).ToJsonString()}"));
        }

        var lines = File.ReadAllLines(file);
        Assert.NotEmpty(lines);
        foreach (var line in lines)
        {
            var parts = line.Split(' ', 3);
            var read = serializer.Deserialize<object>(Convert.FromBase64String(parts[1]))!;
            Assert.Equal(parts[0], read.GetType().Name);
            AssertHolds(JsonNode.Parse(parts[2]), Json(read), parts[0]);
        }
    }

    [Fact]
    public void StoredDesiredState_OfTheLastRelease_IsRead()
    {
        var file = PathOf("LastRelease.desired.json");
        var sample = Samples().OfType<DesiredState>().Single();
        if (IsRelease)
        {
            File.WriteAllText(file, JsonSerializer.Serialize(sample));
        }

        var read = JsonSerializer.Deserialize<DesiredState>(File.ReadAllText(file))!;

        Assert.Equal(sample.Decisions, read.Decisions);
        Assert.Equal(sample with { Decisions = [] }, read with { Decisions = [] });
    }

    [Fact]
    public void Types_OnTheWire_HaveAliases()
    {
        var nameless = WireTypes().Where(type => type.GetCustomAttribute<AliasAttribute>() is null).Select(type => type.FullName);

        Assert.Empty(nameless);
    }

    // What an old build knows must be there with the same value; more may stand beside it.
    private static void AssertHolds(JsonNode? expected, JsonNode? actual, string path)
    {
        if (expected is JsonObject members)
        {
            foreach (var (name, value) in members)
            {
                AssertHolds(value, actual?[name], $"{path}.{name}");
            }

            return;
        }

        if (expected is JsonArray items)
        {
            Assert.Equal(items.Count, (actual as JsonArray)?.Count);
            for (var i = 0; i < items.Count; i++)
            {
                AssertHolds(items[i], actual![i], $"{path}[{i}]");
            }

            return;
        }

        Assert.True(JsonNode.DeepEquals(expected, actual),
            $"{path} was {expected?.ToJsonString()} and is read as {actual?.ToJsonString()}");
    }

    private static IEnumerable<object> Samples()
    {
        var worker = new WorkerId("w-127.0.0.1:11111@154464667");
        var job = JobId.Parse("01JD0000000000000000000000");
        var attempt = new AttemptId(new TaskId(job, 1, 17), 2);
        yield return new WorkerReport
        {
            Worker = worker, Silo = SiloAddress.FromParsableString("127.0.0.1:11111@154464667"), Sequence = 42, Slots = 2,
            MemoryBytes = 1L << 31, Gpus = 1,
            Running = [attempt], OpenGrants =
                [7, 8], Draining = true, Unwell = "disk", Usage = new WorkerUsage(1.5, 1000, 20, 30),
            StartedAt = At, ProcessId = 123, Machine = "here", BusySlots = 1, BusyMemoryBytes = 5, BusyGpus = 1,
        };
        yield return new WorkerOrders
        {
            Grants = [new Grant(9, job, 3, 1, 2, new ResourceRequest { Cpu = 1, MemoryBytes = 1L << 30, Gpu = 0 })],
            Cancels = [attempt], Drain = true,
        };
        yield return new DesiredState
        {
            Workers = 3, Shape = new WorkerShape(2, 1L << 31),
            Configured = new ConfiguredWorkers(4, new WorkerShape(1, 1L << 30)),
        }
            .Scale(new ScalingBounds(1, 6), At).Stop(atOnce: true, At);
        yield return new WorkerStatus
        {
            Id = worker, Address =
                "127.0.0.1:11111", State = WorkerState.Draining, Reason = "leaves", Slots = 2, Busy = 1, Cpu = 0.5,
            Memory = new WorkerMemory(3, 2, 1), Gpu = 1, StartedAt = At, LastSeen = At, ProcessId = 123, Machine = "here",
        };
        yield return new JobReason(ReasonCode.WaitingForSlot, "It is next.");
    }

    private static JsonNode Json(object value) => JsonSerializer.SerializeToNode(value, value.GetType())!;

    private static IEnumerable<string> Describe() => WireTypes().SelectMany(type => type.IsEnum
        ? Enum.GetNames(type).Select(name => $"{AliasOf(type)} {Convert.ToInt64(Enum.Parse(type, name), null)} {name}")
        : type.GetMembers(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Select(member => (Member: member, Id: member.GetCustomAttribute<IdAttribute>()?.Id))
            .Where(pair => pair.Id is not null)
            .Select(pair => $"{AliasOf(type)} {pair.Id} {pair.Member.Name} {TypeOf(pair.Member)}"))
        .Distinct().Order(StringComparer.Ordinal);

    private static IEnumerable<Type> WireTypes() =>
        from assembly in (Assembly[])[typeof(JobId).Assembly, typeof(TaskManifest).Assembly, typeof(DesiredState).Assembly,
            typeof(WorkerReport).Assembly]
        from type in assembly.GetTypes()
        where type.GetCustomAttribute<GenerateSerializerAttribute>() is not null
        select type;

    private static string AliasOf(Type type) => type.GetCustomAttribute<AliasAttribute>()?.Alias ?? type.FullName!;

    private static string TypeOf(MemberInfo member) =>
        Short(member is PropertyInfo property ? property.PropertyType : ((FieldInfo)member).FieldType);

    private static string Short(Type type) => type.IsGenericType
        ? $"{type.Name.Split('`')[0]}<{string.Join(",", type.GetGenericArguments().Select(Short))}>"
        : type.Name;

    private static string PathOf(string file)
    {
        var bin = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(bin.Parent!.Parent!.Parent!.FullName, "Upgrade", file);
    }
}
