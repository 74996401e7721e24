using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Storage.Rows;

namespace Orleans.Cluster.Storage;

/// <summary>
/// The one model of both databases: snake_case names, enums as numbers, times as Unix milliseconds (so that they compare alike
/// everywhere), documents as JSON text. The derived contexts exist because each database has a migration set of its own.
/// </summary>
internal abstract class ClusterDbContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<ProcessingJob> Jobs => Set<ProcessingJob>();
    public DbSet<JobLabel> JobLabels => Set<JobLabel>();
    public DbSet<JobPlanRow> JobPlans => Set<JobPlanRow>();
    public DbSet<PartitionRow> Partitions => Set<PartitionRow>();
    public DbSet<AttemptRow> Attempts => Set<AttemptRow>();
    public DbSet<JobHistoryRow> JobHistory => Set<JobHistoryRow>();
    public DbSet<OutboxRow> Outbox => Set<OutboxRow>();
    public DbSet<OutputClaim> OutputClaims => Set<OutputClaim>();
    public DbSet<IdempotencyKey> IdempotencyKeys => Set<IdempotencyKey>();
    public DbSet<AuditEntryRow> AuditLog => Set<AuditEntryRow>();
    public DbSet<AuditHeadRow> AuditHead => Set<AuditHeadRow>();
    public DbSet<ApiKeyRow> ApiKeys => Set<ApiKeyRow>();
    public DbSet<ClusterMetrics> ClusterMetrics => Set<ClusterMetrics>();
    public DbSet<ClusterEpochRow> ClusterEpoch => Set<ClusterEpochRow>();
    public DbSet<StoreMarkRow> StoreMark => Set<StoreMarkRow>();
    public DbSet<WorkerHistoryRow> WorkerHistory => Set<WorkerHistoryRow>();

    /// <summary>
    /// Prepared statements by their text, of a context whose connection stays open for many pieces of work; null for another.
    /// </summary>
    public Dictionary<string, DbCommand>? Statements { get; init; }

    /// <summary>
    /// FROM of a SELECT of one job's row, whose id is <c>@p0</c>, by one of many who need it to stay as it is;
    /// <see cref="ForShare"/> ends it. Who wants to change the row waits at a gate first, and who comes after waits behind: row
    /// locks alone would let an unbroken row of readers keep the writer out for ever.
    /// </summary>
    public abstract string FromJobShared { get; }

    /// <summary>The same by who will change the row; <see cref="ForUpdateOfJob"/> ends it.</summary>
    public abstract string FromJobAlone { get; }

    /// <summary>
    /// Ends a SELECT <see cref="FromJobShared"/>: its row cannot change before this transaction ends. Empty where there is one
    /// writer at a time anyway.
    /// </summary>
    public abstract string ForShare { get; }

    /// <summary>Ends a SELECT <see cref="FromJobAlone"/>: its row is ours until this transaction ends.</summary>
    public abstract string ForUpdateOfJob { get; }

    /// <summary>Ends a SELECT: its rows are ours until this transaction ends.</summary>
    public abstract string ForUpdate { get; }

    /// <summary>As <see cref="ForUpdate"/>, but rows that another transaction holds are left out instead of waited for.</summary>
    public abstract string ForUpdateSkipLocked { get; }

    /// <summary>The column that says where a row is. It holds for as long as the row is locked.</summary>
    public abstract string RowPlace { get; }

    /// <summary>Ends a condition: that <see cref="RowPlace"/> is one of those that a query has.</summary>
    public abstract string Among(string query);

    /// <summary>Collation in which text compares byte by byte; null where that is the default.</summary>
    protected abstract string? BinaryCollation { get; }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UnixMilliseconds>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        MapJobs(modelBuilder);
        MapPartitions(modelBuilder);
        MapCluster(modelBuilder);
        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(entity => entity.GetProperties()))
        {
            property.SetColumnName(ToSnakeCase(property.Name));
            if (property.ClrType == typeof(string)
                && (property.IsKey() || property.IsForeignKey() || property.Name == nameof(PartitionRow.Place)))
            {
                property.SetCollation(BinaryCollation);
            }
        }
    }

    private static void MapJobs(ModelBuilder model)
    {
        model.Entity<ProcessingJob>(job =>
        {
            job.ToTable("processing_jobs");
            job.HasKey(j => j.Id);
            job.HasIndex(j => new { j.Phase, j.Id }).HasDatabaseName("ix_processing_jobs_phase");
            job.HasIndex(j => j.CreatedAt).HasDatabaseName("ix_processing_jobs_created_at");
            job.Property(j => j.ArtifactBytes).HasDefaultValue(0L);
            job.HasIndex(j => new { j.Owner, j.FinishedAt, j.Phase, j.ArtifactBytes })
                .HasDatabaseName("ix_processing_jobs_artifacts").HasFilter("artifact_bytes > 0");
        });
        model.Entity<OutputClaim>(claim =>
        {
            claim.ToTable("output_claims");
            claim.HasKey(c => c.Path);
            claim.HasOne<ProcessingJob>().WithMany().HasForeignKey(c => c.JobId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<JobLabel>(label =>
        {
            label.ToTable("job_labels");
            label.HasKey(l => new { l.JobId, l.Key });
            label.HasIndex(l => new { l.Key, l.Value, l.JobId }).HasDatabaseName("ix_job_labels_key_value");
            label.HasOne<ProcessingJob>().WithMany().HasForeignKey(l => l.JobId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<JobPlanRow>(plan =>
        {
            plan.ToTable("job_plans");
            plan.HasKey(p => p.JobId);
            plan.HasOne<ProcessingJob>().WithMany().HasForeignKey(p => p.JobId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<JobHistoryRow>(history =>
        {
            history.ToTable("job_history");
            history.HasKey(h => new { h.JobId, h.Sequence });
            history.HasOne<ProcessingJob>().WithMany().HasForeignKey(h => h.JobId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<OutboxRow>(outbox =>
        {
            outbox.ToTable("outbox");
            outbox.HasKey(o => new { o.JobId, o.Sequence });
            outbox.HasIndex(o => o.DueAt).HasDatabaseName("ix_outbox_due").HasFilter("done_at IS NULL");
            outbox.HasOne<ProcessingJob>().WithMany().HasForeignKey(o => o.JobId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<IdempotencyKey>(key =>
        {
            key.ToTable("idempotency_keys");
            key.HasKey(k => new { k.Owner, k.Key });
            key.HasIndex(k => k.CreatedAt).HasDatabaseName("ix_idempotency_keys_created_at");
            key.HasIndex(k => k.JobId).HasDatabaseName("ix_idempotency_keys_job");
        });
    }

    private static void MapPartitions(ModelBuilder model)
    {
        model.Entity<PartitionRow>(partition =>
        {
            partition.ToTable("partitions");
            partition.HasKey(p => new { p.JobId, p.Stage, p.Partition });
            partition.HasOne<ProcessingJob>().WithMany().HasForeignKey(p => p.JobId).OnDelete(DeleteBehavior.Cascade);

            // What the queue and Begin look at: live partitions alone, so the index does not grow with history.
            partition.HasIndex(p => new { p.JobId, p.Stage, p.State, p.Place, p.NotBefore }).HasDatabaseName("ix_partitions_live")
                .HasFilter($"state IN ({(int)PartitionState.Waiting}, {(int)PartitionState.Running})");
            partition.HasIndex(p => new { p.JobId, p.Stage, p.NotBefore }).HasDatabaseName("ix_partitions_backing_off")
                .HasFilter($"state = {(int)PartitionState.Waiting} AND not_before IS NOT NULL");
            partition.HasIndex(p => new { p.Worker, p.JobId }).HasDatabaseName("ix_partitions_running_worker")
                .HasFilter($"state = {(int)PartitionState.Running}");
            partition.HasIndex(p => p.JobId).HasDatabaseName("ix_partitions_failed")
                .HasFilter($"state = {(int)PartitionState.Failed}");
        });
        model.Entity<AttemptRow>(attempt =>
        {
            attempt.ToTable("attempts");
            attempt.HasKey(a => new { a.JobId, a.Stage, a.Partition, a.Number });
            attempt.HasOne<ProcessingJob>().WithMany().HasForeignKey(a => a.JobId).OnDelete(DeleteBehavior.Cascade);
        });
    }

    private static void MapCluster(ModelBuilder model)
    {
        model.Entity<ClusterEpochRow>(epoch =>
        {
            epoch.ToTable("cluster_epoch");
            epoch.HasKey(e => e.Id);
            epoch.Property(e => e.Id).ValueGeneratedNever();
            epoch.HasData(new ClusterEpochRow { Epoch = 1, RaisedAt = DateTimeOffset.UnixEpoch });
        });
        model.Entity<StoreMarkRow>(mark =>
        {
            mark.ToTable("store_mark");
            mark.HasKey(m => m.Id);
            mark.Property(m => m.Id).ValueGeneratedNever();
        });
        model.Entity<ClusterMetrics>(metrics =>
        {
            metrics.ToTable("cluster_metrics");
            metrics.HasKey(m => new { m.Level, m.At });
        });
        model.Entity<WorkerHistoryRow>(worker =>
        {
            worker.ToTable("worker_history");
            worker.HasKey(w => w.Id);
        });
        model.Entity<AuditEntryRow>(audit =>
        {
            audit.ToTable("audit_log");
            audit.HasKey(a => a.Sequence);
            audit.Property(a => a.Sequence).ValueGeneratedNever();
        });
        model.Entity<AuditHeadRow>(head =>
        {
            head.ToTable("audit_head");
            head.HasKey(h => h.Id);
            head.Property(h => h.Id).ValueGeneratedNever();
            head.HasData(new AuditHeadRow { Hash = AuditHeadRow.EmptyChain });
        });
        model.Entity<ApiKeyRow>(key =>
        {
            key.ToTable("api_keys");
            key.HasKey(k => k.Id);
        });
    }

    private static string ToSnakeCase(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : "_") + char.ToLowerInvariant(c) : c.ToString()));

    private sealed class UnixMilliseconds() : ValueConverter<DateTimeOffset, long>(
        time => time.ToUnixTimeMilliseconds(), milliseconds => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds));
}
