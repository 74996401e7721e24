using Microsoft.AspNetCore.Connections;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Silo.Processes;

namespace Orleans.Cluster.UnitTests.Gateway;

public sealed class StartFaultsTests
{
    public static TheoryData<Exception, string> Known => new()
    {
        { new SqliteException("file is not a database", 26), "cluster.db is damaged, or is not a database." },
        { new InvalidDataException("x", new SqliteException("database disk image is malformed", 11)), "cluster.db is damaged" },
        { new SqliteException("database or disk is full", 13), "There is no space left on the disk" },
        { new IOException("No space left on device", 28),
            "There is no space left on the disk of the state directory (No space left on device)" },
        { new IOException("Failed to bind", new AddressInUseException("Address already in use")), "is taken by another process" },
        {
            new OptionsValidationException(
                "", typeof(QueueOptions),
                ["DataAnnotation validation failed for 'QueueOptions' members: 'Lease' with the error: 'It must be so.'."]),
            "Setting Queue:Lease: It must be so."
        },
        {
            new InvalidOperationException(
                "Failed to convert configuration value 'four' at 'Cluster:Workers' to type 'System.Int32'."),
            "Setting Cluster:Workers cannot be 'four'"
        },
        {
            new OptionsValidationException(
                "", typeof(QueueOptions),
                ["DataAnnotation validation failed for 'QueueOptions' members: 'A,B' with the error: "
                    + "'Queue:A must be below Queue:B.'."]),
            "Queue:A must be below Queue:B."
        },
        {
            new InvalidDataException(
                "Failed to load configuration from file '/etc/oc/appsettings.json'.", new FormatException(
                    "Could not parse the JSON file.",
                    new InvalidOperationException("'}' is expected. LineNumber: 1 | BytePositionInLine: 4."))),
            "The settings file /etc/oc/appsettings.json cannot be read, line 2: '}' is expected."
        },
        { new UnauthorizedAccessException("Access to the path '/state/silo.pem' is denied."), "'/state/silo.pem'" },
        { new IOException("Read-only file system : '/state/silo.pem'", 30), "read-only" },
    };

    [Theory, MemberData(nameof(Known))]
    public void SentenceOf_WhatIsNotThisPrograms_IsASentence(Exception failure, string expected) =>
        Assert.Contains(expected, StartFaults.SentenceOf(failure), StringComparison.Ordinal);

    // One that begins with its setting's name needs no other.
    [Fact]
    public void SentenceOf_FaultThatNamesItsSetting_NamesItOnce() => Assert.Equal(
        "Queue:A must be below Queue:B.", StartFaults.SentenceOf((OptionsValidationException)Known.First(
            row => row.Data.Item1 is OptionsValidationException options
                && options.Message.Contains("Queue:A", StringComparison.Ordinal)).Data.Item1));

    [Fact]
    public void SentenceOf_FaultOfTheProgram_IsNone()
    {
        Assert.Null(StartFaults.SentenceOf(new InvalidOperationException("Sequence contains no elements")));
        Assert.Null(StartFaults.SentenceOf(new IOException("The stream was closed.")));
        Assert.Null(StartFaults.SentenceOf(new SqliteException("database is locked", 5)));
    }
}
