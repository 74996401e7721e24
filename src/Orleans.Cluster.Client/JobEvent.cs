namespace Orleans.Cluster.Client;

/// <summary>One server-sent event of a job.</summary>
/// <param name="Id">Where the stream is; a later one goes on after it.</param>
/// <param name="Name"><c>phase</c> or <c>status</c>.</param>
/// <param name="Data">The event's document, JSON.</param>
public sealed record JobEvent(string Id, string Name, string Data);
