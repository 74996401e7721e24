using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Orleans.Cluster.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class ArtifactBytes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "artifact_bytes",
                table: "processing_jobs",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.CreateIndex(
                name: "ix_processing_jobs_artifacts",
                table: "processing_jobs",
                columns: new[] { "owner", "finished_at", "phase", "artifact_bytes" },
                filter: "artifact_bytes > 0");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_processing_jobs_artifacts",
                table: "processing_jobs");

            migrationBuilder.DropColumn(
                name: "artifact_bytes",
                table: "processing_jobs");
        }
    }
}
