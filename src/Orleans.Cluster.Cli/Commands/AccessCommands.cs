using System.CommandLine;
using Orleans.Cluster.Cli.Following;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.Cli.Commands;

/// <summary>Commands of administrators: who may call, and who did.</summary>
internal static class AccessCommands
{
    public static IEnumerable<Command> Create(CommandFactory commands) =>
    [
        CommandFactory.Group("keys", "API keys", ListKeys(commands), CreateKey(commands), RevokeKey(commands)),
        CommandFactory.Group("audit", "The log of every change", ListAudit(commands), VerifyAudit(commands)),
    ];

    private static Command ListKeys(CommandFactory commands) =>
        commands.Create("list", "List API keys, those that have ended too", [], async session =>
        {
            var keys = await session.Cluster.ListKeysAsync(session.Cancellation);
            return session.Show(keys, () => AccessViews.WriteKeys(session.Console, keys));
        });

    private static Command CreateKey(CommandFactory commands)
    {
        var name = new Option<string>("--name") { Description = "Whom the key is for; jobs belong to it", Required = true };
        var role = new Option<AccessRole>("--role")
        {
            Description = "What the key may do", DefaultValueFactory = _ => AccessRole.Submitter,
        };
        var end = new Option<DateTimeOffset?>("--expires")
        {
            Description = "When it ends by itself; never when absent", HelpName = "time",
        };
        return commands.Create("create", "Make an API key and print it, this once", [name, role, end], async session =>
        {
            var made = await session.Cluster.CreateKeyAsync(
                new NewKey(session.Parsed.GetValue(name)!, session.Parsed.GetValue(role), session.Parsed.GetValue(end)),
                session.Cancellation);
            return session.Show(made, () =>
            {
                session.Note(
                    $"Key {made.Key.Id} ({JobFollower.WireWord(made.Key.Role)} for {made.Key.Name}). It cannot be shown again.");
                session.Console.Text.WriteLine(made.Secret);
            });
        });
    }

    private static Command RevokeKey(CommandFactory commands)
    {
        var id = new Argument<string>("key") { Description = "Id of the key, as `keys list` shows it" };
        return commands.Create("revoke", "End an API key for good", [id], async session =>
        {
            await session.Cluster.RevokeKeyAsync(session.Parsed.GetValue(id)!, session.Cancellation);
            return ExitCodes.Done;
        });
    }

    private static Command ListAudit(CommandFactory commands)
    {
        var size = new Option<int>("--limit") { Description = "Entries to show, 1 to 500", DefaultValueFactory = _ => 20 };
        var token = CommandFactory.PageToken();
        return commands.Create("list", "Show the audit log, newest first", [size, token], async session =>
        {
            var page = await session.Cluster.ListAuditAsync(
                session.Parsed.GetValue(size), session.Parsed.GetValue(token), session.Cancellation);
            return session.Show(page, () => AccessViews.WriteAudit(session.Console, page));
        });
    }

    private static Command VerifyAudit(CommandFactory commands) =>
        commands.Create(
            "verify", "Read the whole audit log again: is each entry there and as it was written?", [], async session =>
        {
            var check = await session.Cluster.VerifyAuditAsync(session.Cancellation);
            session.Show(check, () => session.Console.Prose.WriteLine(check.Intact
                ? $"The audit log is intact: {check.Entries} entries."
                : $"The audit log is broken: entry {check.FirstBroken} of {check.Entries} is missing or not as it was written."));
            return check.Intact ? ExitCodes.Done : ExitCodes.Failed;
        });
}
