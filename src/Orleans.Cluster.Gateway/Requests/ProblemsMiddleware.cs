namespace Orleans.Cluster.Gateway.Requests;

/// <summary>The gateway's exception handler: every answer above 399 leaves as a problem document, whoever made it.</summary>
internal sealed partial class ProblemsMiddleware(RequestDelegate next, ILogger<ProblemsMiddleware> logger)
{
    // True of a refusal too: which methods there are, and which page may read it.
    private static readonly string[] Kept = ["Allow", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Vary"];

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody reads the answer. The status is for the access log alone; of one that was under way it cannot change.
            if (!context.Response.HasStarted)
            {
                context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            }

            return;
        }
        catch (Exception e)
        {
            await Answer(context, e);
            return;
        }

        if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null or 0, ContentType: null })
        {
            await Problems.Write(context, Problems.OfStatus(context));
        }
    }

    private async Task Answer(HttpContext context, Exception exception)
    {
        var problem = Problems.Of(exception);
        if (problem.Status >= 500)
        {
            Log.Failed(logger, exception, context.Request.Method, context.Request.Path, problem.Code);
        }

        if (context.Response.HasStarted)
        {
            // Half an answer must not look like a whole one.
            context.Abort();
            return;
        }

        var kept = Kept.Select(name => (Name: name, Value: context.Response.Headers[name])).ToList();
        context.Response.Clear();
        foreach (var (name, value) in kept)
        {
            context.Response.Headers[name] = value;
        }

        await Problems.Write(context, problem);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 6001, Level = LogLevel.Error, Message = "{Method} {Path} failed with {Code}")]
        public static partial void Failed(ILogger logger, Exception exception, string method, string path, string code);
    }
}
