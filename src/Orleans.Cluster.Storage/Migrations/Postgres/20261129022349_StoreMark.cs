using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Orleans.Cluster.Storage.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class StoreMark : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "deaths",
                table: "partitions",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "losses",
                table: "partitions",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.CreateTable(
                name: "store_mark",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false),
                    store_id = table.Column<string>(type: "text", nullable: false),
                    epoch = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_store_mark", x => x.id);
                });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "store_mark");

            migrationBuilder.DropColumn(
                name: "deaths",
                table: "partitions");

            migrationBuilder.DropColumn(
                name: "losses",
                table: "partitions");
        }
    }
}
