using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Artifacts;
using Orleans.Cluster.Files.Datasets;
using Orleans.Cluster.Files.Outputs;
using Orleans.Cluster.Files.Places;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.StorageTests;

/// <summary>What OVERWRITE removes and keeps, and manifests that are not what they seem.</summary>
public sealed class OutputOverwriteTests : OutputPublisherHarness
{
    [Fact]
    public async Task Publish_OverwriteCutOffBeforeItRemovedTheEarlier_DoneAgainRemovesIt()
    {
        var earlier = Job();
        await Publish(earlier);
        var job = Job(OutputMode.Overwrite);
        using var folder = new OutputFolder(
            Path.Combine(Root, "out"), Root, job.State.Id, epoch: 1, PublishedModes.Of(new ClusterSettings()),
            new DataRoots(Paths).Rules);
        folder.NoteReplaced(folder.Others());
        await Publish(job, () => Task.FromResult(false));
        ResultFile[] parts =
            [.. Files().Where(file => file.StartsWith($".part-{job.State.Id}", StringComparison.Ordinal)).Select(AsPublished)];
        folder.Publish(new JobResult(Partitions, parts.Sum(part => part.Bytes), [], parts));

        var result = await Publish(job);

        Assert.Equal(parts, result!.Files);
        Assert.DoesNotContain(Files(), file => file.Contains(earlier.State.Id.Value, StringComparison.Ordinal));
        Assert.Equal(Partitions + 1, Files().Count);
    }

    [Theory]
    [InlineData("../{0}")]
    [InlineData("{1}/{0}")]
    [InlineData("key=link/part-{2}-00000-1-000.csv")]
    public async Task Publish_OverwriteOfAHandMadeManifest_DeletesNothingOutside(string form)
    {
        var job = Job(OutputMode.Overwrite);
        var stranger = JobId.New();
        var other = Directory.CreateDirectory(Path.Combine(Root, "other")).FullName;
        var victim = Path.Combine(form.StartsWith("key", StringComparison.Ordinal)
            ? other
            : Root, form.StartsWith("key", StringComparison.Ordinal) ? $"part-{stranger}-00000-1-000.csv" : "precious.csv");
        var own = $"mine-{Guid.NewGuid():N}.csv";
        File.WriteAllText(victim, "precious");
        Directory.CreateDirectory(Path.Combine(Root, "out"));
        File.CreateSymbolicLink(Path.Combine(Root, "out", "key=link"), other);
        File.WriteAllText(Path.Combine(Root, "out", own), "nobody's");
        var named = string.Format(System.Globalization.CultureInfo.InvariantCulture, form, "precious.csv", Root, stranger);
        WriteManifest(stranger, named, own);

        var output = await PublishOutput(job);

        Assert.Equal(("precious", "nobody's"), (File.ReadAllText(victim), File.ReadAllText(Path.Combine(Root, "out", own))));
        Assert.Contains(output!.Notes, note => note.Contains(own, StringComparison.Ordinal));
        Assert.DoesNotContain(OutputNames.Manifest(stranger), Files());
    }

    [Theory]
    [InlineData("this is not JSON")]
    [InlineData("{}")]
    [InlineData("{\"rows\":1,\"bytes\":1,\"columns\":[],\"files\":[null]}")]
    public async Task Publish_OverwriteOfAManifestThatIsNone_KeepsItAndSaysSo(string text)
    {
        var job = Job(OutputMode.Overwrite);
        Directory.CreateDirectory(Path.Combine(Root, "out"));
        var name = OutputNames.Manifest(JobId.New());
        File.WriteAllText(Path.Combine(Root, "out", name), text);

        var output = await PublishOutput(job);

        Assert.Contains(name, Files());
        Assert.Contains(name, Assert.Single(output!.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData(null)]
    public async Task Publish_AManifestOfThisJobThatNamesOtherAttempts_DoesNotCount(string? text)
    {
        var job = Job();
        Directory.CreateDirectory(Path.Combine(Root, "out"));
        WriteManifest(job.State.Id, $"part-{job.State.Id}-00000-3-000.csv");
        if (text is not null)
        {
            File.WriteAllText(Path.Combine(Root, "out", OutputNames.Manifest(job.State.Id)), text);
        }

        var result = await Publish(job);

        Assert.Equal(Partitions, result!.Files.Count);
        Assert.Equal(result.Files, ManifestFile.TryRead(Path.Combine(Root, "out", OutputNames.Manifest(job.State.Id)))!.Files);
    }

    [Fact]
    public async Task Publish_WhatIsReplacedCannotBeRemoved_HasSucceededAllTheSame()
    {
        var earlier = Job();
        await Publish(earlier);
        var job = Job(OutputMode.Overwrite);
        var manifest = Path.Combine(Root, "out", OutputNames.Manifest(earlier.State.Id));

        // A folder in the place of a file cannot be deleted as one, whoever asks.
        var output = await PublishOutput(job, () =>
        {
            Directory.CreateDirectory(Path.Combine(Root, "out", $"._overwritten-{earlier.State.Id}"));
            return Task.FromResult(true);
        });

        Assert.Equal(Partitions, output!.Result.Files.Count);
        Assert.Contains("could not be removed", Assert.Single(output.Notes), StringComparison.Ordinal);
        Assert.True(File.Exists(manifest));
    }

    [Fact]
    public async Task Publish_LateAfterAnotherJobHasOverwritten_DoesNotBringItsManifestBack()
    {
        var late = Job();
        await Publish(late);
        var job = Job(OutputMode.Overwrite);
        await Publish(job);

        await Assert.ThrowsAsync<ClusterException>(() =>
            Publish(late with { Spec = late.Spec with { Output = late.Spec.Output! with { Mode = OutputMode.Append } } }));

        Assert.Equal([OutputNames.Manifest(job.State.Id)], Files().Where(file => file.StartsWith('_')));
    }

    // Reading a pipe that nobody writes waits for ever, and a link leads wherever its maker likes.
    [Fact]
    public async Task Publish_PipesAndLinksUnderNamesOfManifests_AreNone()
    {
        var job = Job(OutputMode.Overwrite);
        var folder = Directory.CreateDirectory(Path.Combine(Root, "out")).FullName;
        using var pipes = System.Diagnostics.Process.Start(
            "mkfifo",
            [Path.Combine(folder, OutputNames.Manifest(JobId.New())), Path.Combine(folder, $"._replaced-{job.State.Id}.json"),
                Path.Combine(folder, OutputNames.Manifest(job.State.Id))]);
        await pipes.WaitForExitAsync(TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(Path.Combine(folder, OutputNames.Manifest(JobId.New())), "/dev/zero");

        var output = await PublishOutput(job).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.Equal(Partitions, output!.Result.Files.Count);
        Assert.Equal(2, output.Notes.Count(note => note.Contains("not the manifest of a job", StringComparison.Ordinal)));
    }
}
