using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Gateway.Access;

namespace Orleans.Cluster.Gateway.Callbacks;

/// <summary>
/// Posts changes of phase from the outbox, a job's events one after the other, each until it is accepted or its time is over.
/// Every gateway does so; the outbox gives each event to one of them at a time. A place that comes free is filled at once, and no
/// receiver has all of them.
/// </summary>
internal sealed partial class CallbackSender(
    IOutbox outbox, CallbackTargets targets, SecretSeal seal, IOptions<CallbackOptions> options, TimeProvider clock,
    ILogger<CallbackSender> logger) : BackgroundService
{
    private const int MostAtOnce = 32;
    private const int MostPerReceiver = 4;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan IdlePause = TimeSpan.FromSeconds(1);

    // An event whose receiver has no place left lets those of others pass, and is looked at again after this; later where many
    // wait so.
    private static readonly TimeSpan SetAside = TimeSpan.FromSeconds(1);
    private const int LongestAside = 10;
    private const int MostRoundsAside = 10;
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(5);

    private readonly ReceiverLanes lanes = new(MostAtOnce, MostPerReceiver);
    private readonly List<(Task Sent, OutboxEvent Message)> sending = [];
    private int roundsAside;
    private readonly HttpClient http = new(targets.CreateHandler()) { Timeout = Timeout.InfiniteTimeSpan };

    public override void Dispose()
    {
        http.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await SendDue(stoppingToken) == 0)
                {
                    var pause = sending.Count == 0 ? IdlePause : Pause;
                    await Task.WhenAny([Task.Delay(pause, clock, stoppingToken), .. sending.Select(item => item.Sent)]);
                    stoppingToken.ThrowIfCancellationRequested();
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Log.Failed(logger, e);
                await Task.Delay(PauseAfterFailure, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<int> SendDue(CancellationToken cancellationToken)
    {
        await FreePlaces();
        if (lanes.Free == 0)
        {
            return 0;
        }

        // Above the time that a post can take, so that no other gateway posts the same event meanwhile.
        var lease = options.Value.Timeout + TimeSpan.FromSeconds(15);
        var events = await outbox.Claim(lanes.Free, lease, clock.GetUtcNow(), cancellationToken);
        var aside = new List<OutboxEvent>();
        foreach (var message in events)
        {
            if (lanes.TryEnter(message.Callback.Url))
            {
                sending.Add((Send(message, cancellationToken), message));
            }
            else
            {
                aside.Add(message);
            }
        }

        if (aside.Count > 0)
        {
            var delay = SetAside * Math.Clamp(lanes.Refused / MostAtOnce, 1, LongestAside);
            await outbox.SetAside(aside, clock.GetUtcNow() + delay, cancellationToken);
        }

        // What waits for a receiver that does not answer may be thousands: behind them are others, but the database is not all
        // ours.
        roundsAside = aside.Count == events.Count ? roundsAside + 1 : 0;
        return roundsAside % MostRoundsAside == 0 && roundsAside > 0 ? 0 : events.Count;
    }

    // What was thrown comes out here, after the place is free: the event is due again when its lease is over.
    private async Task FreePlaces()
    {
        foreach (var (task, message) in sending.Where(item => item.Sent.IsCompleted).ToList())
        {
            sending.Remove((task, message));
            lanes.Leave(message.Callback.Url);
            await task;
        }
    }

    private async Task Send(OutboxEvent message, CancellationToken cancellationToken)
    {
        var error = await Post(message, cancellationToken);
        var now = clock.GetUtcNow();
        if (error is null)
        {
            await outbox.Finish(message, error: null, now, cancellationToken);
        }
        else if (error.IsFinal || now - message.At >= options.Value.GiveUpAfter)
        {
            Log.GivenUp(logger, message.Id, message.Tries, error.Text);
            await outbox.Finish(message, $"Given up after {message.Tries} tries: {error.Text}", now, cancellationToken);
        }
        else
        {
            var delay = ReceiverPatience.Longer(DelayAfter(message.Tries), error.RetryAfter, options.Value.LongestDelay);
            await outbox.Postpone(message, error.Text, now + delay, cancellationToken);
        }
    }

    /// <returns>Null when the receiver has accepted it.</returns>
    private async Task<Refusal?> Post(OutboxEvent message, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(options.Value.Timeout);
        try
        {
            var secret = message.Callback.Secret is { } stored ? seal.Open(stored) ?? throw new SealBrokenException() : null;
            using var request = CreateRequest(message, secret);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, bound.Token);
            return response.IsSuccessStatusCode ? null
                : new Refusal($"The receiver answered {(int)response.StatusCode}.", response.StatusCode == HttpStatusCode.Gone)
                {
                    RetryAfter = ReceiverPatience.Asked(response.Headers.RetryAfter, clock.GetUtcNow()),
                };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Refusal($"No answer within {options.Value.Timeout.TotalSeconds:0.#} s.");
        }
        catch (HttpRequestException e)
        {
            return new Refusal(e.Message);
        }
        catch (SealBrokenException)
        {
            // Unsigned, it could be anybody's. Another gateway may have the key.
            return new Refusal(
                "The secret of the callback was sealed with another key (Gateway:SessionKey, or session.key in the state "
                + "directory).");
        }
    }

    private HttpRequestMessage CreateRequest(OutboxEvent message, string? secret)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new CallbackMessage(
                $"job.{message.Phase.ToString().ToLowerInvariant()}", message.At,
                new CallbackData(message.Job, message.Phase, message.Revision, message.Detail, JobLinks.Of(message.Job).Self)),
            WireJson.Options);
        var now = clock.GetUtcNow();
        var request = new HttpRequestMessage(HttpMethod.Post, message.Callback.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("webhook-id", message.Id);
        request.Headers.Add("webhook-timestamp", now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        if (secret is not null)
        {
            request.Headers.Add("webhook-signature", CallbackSignature.Sign(secret, message.Id, now, body));
        }

        return request;
    }

    // With a fifth of chance, so that receivers which were down do not meet everything at the same moment.
    private TimeSpan DelayAfter(int tries)
    {
        var settings = options.Value;
        var factor = Math.Pow(2, Math.Min(tries - 1, 30)) * (0.9 + (Random.Shared.NextDouble() * 0.2));
        return TimeSpan.FromTicks((long)Math.Min(settings.FirstDelay.Ticks * factor, settings.LongestDelay.Ticks));
    }

    private sealed class SealBrokenException : Exception;

    private sealed record Refusal(string Text, bool IsFinal = false)
    {
        /// <summary>How long the receiver asked to be left alone; null where it did not say.</summary>
        public TimeSpan? RetryAfter { get; init; }
    }

    private static partial class Log
    {
        [LoggerMessage(6100, LogLevel.Warning, "Callbacks could not be sent; they are tried again.")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(6101, LogLevel.Warning, "Callback {Event} is given up after {Tries} tries: {Error}")]
        public static partial void GivenUp(ILogger logger, string @event, int tries, string error);
    }
}
