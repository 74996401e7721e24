using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Gateway.Reference;

namespace Orleans.Cluster.UnitTests.Gateway;

public sealed class OperationNotesTests
{
    private static readonly JsonSerializerOptions Strict = new(
        WireJson.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    public static TheoryData<string> Names => [.. OperationNotes.ByName.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Example_OfAnAnswer_IsOneOfItsType(string name)
    {
        var note = OperationNotes.ByName[name];

        Assert.Equal(note.Answer is null, note.Example is null);
        if (note is { Answer: { } type, Example: { } example })
        {
            Assert.NotNull(JsonSerializer.Deserialize(example, type, Strict));
        }
    }
}
