using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Storage;

/// <summary>
/// One job at a time writes to an output folder: two would each find it empty and both publish. The claim lives as long as the
/// job has not ended. Jobs that append go without; their files stand beside the others whichever comes first.
/// </summary>
internal sealed class OutputClaims(IOutputPlaces places)
{
    /// <summary>Takes the folder of a job whose row is in this transaction.</summary>
    /// <exception cref="ClusterException"><c>output-in-use</c>: another job that has not ended has it.</exception>
    public async Task Take(ClusterDbContext db, JobId job, JobSpec spec, CancellationToken cancellationToken)
    {
        if (spec.Output is not { Mode: not OutputMode.Append } output)
        {
            return;
        }

        var folder = places.Of(output.Path);
        var path = Path.TrimEndingDirectorySeparator(folder);
        var id = job.Value;
        var taken = await db.Database.ExecuteSqlAsync(
            $"INSERT INTO output_claims (path, job_id) VALUES ({path}, {id}) ON CONFLICT (path) DO NOTHING", cancellationToken);
        if (taken == 1)
        {
            return;
        }

        var holder = await db.OutputClaims.AsNoTracking()
            .Where(claim => claim.Path == path).Select(claim => claim.JobId).SingleOrDefaultAsync(cancellationToken);
        if (holder != id)
        {
            // Which job it is, is its owner's business.
            var owners = await db.Jobs.AsNoTracking()
                .Where(job => job.Id == id || job.Id == holder)
                .Select(job => job.Owner).Distinct().ToListAsync(cancellationToken);
            var shown = holder is null ? "another job" : owners.Count == 1 ? $"job {holder}" : "a job of another caller";
            throw new ClusterException(
                Contracts.ProblemCode.OutputInUse, $"{output.Path} is the output of {shown}, which has not ended.",
                "Wait for that job, choose another output.path, or set output.mode to APPEND.");
        }
    }

    /// <summary>Gives back what an ended job had.</summary>
    public static Task Release(ClusterDbContext db, JobId job, CancellationToken cancellationToken) =>
        db.Execute("DELETE FROM output_claims WHERE job_id = @p0", cancellationToken, job.Value);
}
