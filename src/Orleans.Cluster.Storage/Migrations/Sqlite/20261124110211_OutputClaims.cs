using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Orleans.Cluster.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class OutputClaims : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "output_claims",
                columns: table => new
                {
                    path = table.Column<string>(type: "TEXT", nullable: false),
                    job_id = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_output_claims", x => x.path);
                    table.ForeignKey(
                        name: "FK_output_claims_processing_jobs_job_id",
                        column: x => x.job_id,
                        principalTable: "processing_jobs",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_output_claims_job_id",
                table: "output_claims",
                column: "job_id");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "output_claims");
        }
    }
}
