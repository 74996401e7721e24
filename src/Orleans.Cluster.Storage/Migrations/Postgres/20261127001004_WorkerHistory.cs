using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Orleans.Cluster.Storage.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class WorkerHistory : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "worker_history",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    last_seen = table.Column<long>(type: "bigint", nullable: false),
                    is_dead = table.Column<bool>(type: "boolean", nullable: false),
                    worker = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_worker_history", x => x.id);
                });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "worker_history");
        }
    }
}
