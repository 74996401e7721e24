using Orleans.Cluster.Contracts;
using Orleans.Cluster.Gateway.Callbacks;

namespace Orleans.Cluster.Gateway.Forms;

/// <summary>Reads the parts of a job beside its inputs and its operation. A part that is not given has its defaults.</summary>
internal static class SettingsForm
{
    private const long KiB = 1L << 10;
    private const long MiB = 1L << 20;
    private const long GiB = 1L << 30;
    private const long PiB = 1L << 50;

    private const int MaxPartitions = 1_000_000;
    private const int MaxDependencies = 1000;
    private const int MaxLabels = 64;
    private const int MaxLabelKeyLength = 64;

    private static readonly IReadOnlyList<string> ParquetCodecs = ContractWords.Of<OutputSpec>(nameof(OutputSpec.Compression));
    private static readonly IReadOnlyList<string> TextCodecs = ["gzip", "zstd", "none"];

    public static PartitioningSpec ReadPartitioning(FormObject? form)
    {
        var defaults = new PartitioningSpec();
        if (form is null)
        {
            return defaults;
        }

        var partitioning = new PartitioningSpec
        {
            TargetBytes = form.Whole("targetBytes", KiB, 16 * GiB) ?? defaults.TargetBytes,
            MinPartitions = (int?)form.Whole("minPartitions", 1, MaxPartitions),
            MaxPartitions = (int?)form.Whole("maxPartitions", 1, MaxPartitions),
        };
        if (partitioning.MinPartitions > partitioning.MaxPartitions)
        {
            form.Faults.Add(form.At("minPartitions"), FaultCodes.Conflict, "The value must be at most maxPartitions.");
        }

        form.Close();
        return partitioning;
    }

    public static ResourceRequest ReadResources(FormObject? form)
    {
        var defaults = new ResourceRequest();
        if (form is null)
        {
            return defaults;
        }

        var resources = new ResourceRequest
        {
            Cpu = (int?)form.Whole("cpu", 1, 256) ?? defaults.Cpu,
            // The process around the engine alone takes some 100 MiB; with less, every task would end as out of memory.
            MemoryBytes = form.Whole("memoryBytes", 128 * MiB, PiB) ?? defaults.MemoryBytes,
            Gpu = (int?)form.Whole("gpu", 0, 64) ?? defaults.Gpu,
        };
        form.Close();
        return resources;
    }

    public static RetrySpec ReadRetry(FormObject? form)
    {
        var defaults = new RetrySpec();
        if (form is null)
        {
            return defaults;
        }

        var retry = new RetrySpec
        {
            MaxAttempts = (int?)form.Whole("maxAttempts", 1, 100) ?? defaults.MaxAttempts,
            InitialBackoffMs = (int?)form.Whole("initialBackoffMs", 0, 3_600_000) ?? defaults.InitialBackoffMs,
            MaxBackoffMs = (int?)form.Whole("maxBackoffMs", 0, 86_400_000) ?? defaults.MaxBackoffMs,
            Multiplier = form.Number("multiplier", m => m is >= 1 and <= 100, "1 to 100") ?? defaults.Multiplier,
        };
        if (form.Has("initialBackoffMs") && form.Has("maxBackoffMs") && retry.InitialBackoffMs > retry.MaxBackoffMs)
        {
            form.Faults.Add(form.At("initialBackoffMs"), FaultCodes.Conflict, "The value must be at most maxBackoffMs.");
        }

        form.Close();
        return retry;
    }

    public static OutputSpec? ReadOutput(FormObject form)
    {
        var format = form.Word<OutputFormat>("format") ?? OutputFormat.Parquet;
        var path = form.RequiredText("path", "The output folder", 4096);
        var output = new OutputSpec
        {
            Path = path ?? "",
            Format = format,
            Mode = form.Word<OutputMode>("mode") ?? OutputMode.ErrorIfExists,
            PartitionBy = form.Texts("partitionBy", 1024, distinct: true) ?? [],
            Compression = form.Word("compression", format == OutputFormat.Parquet ? ParquetCodecs : TextCodecs),
            FileBytes = form.Whole("fileBytes", KiB, 16 * GiB),
        };
        form.Close();
        return path is null ? null : output;
    }

    public static IReadOnlyList<JobId> ReadDependencies(FormObject form)
    {
        var ids = new List<JobId>();
        foreach (var (item, pointer) in form.Items("dependsOn"))
        {
            if (form.TextOf(item, pointer, 256, mayBeEmpty: false) is not { } text)
            {
                continue;
            }

            if (!JobId.TryParse(text, null, out var id))
            {
                form.Faults.Add(
                    pointer, FaultCodes.InvalidValue,
                    $"'{FormObject.Short(text)}' is not a job id (26 characters, 0-9 and A-Z).");
            }
            else if (ids.Contains(id))
            {
                form.Faults.Add(pointer, FaultCodes.Duplicate, $"Job {id} is listed twice.");
            }
            else if (ids.Count == MaxDependencies)
            {
                form.Faults.Add(
                    form.At("dependsOn"), FaultCodes.OutOfRange, $"A job can depend on at most {MaxDependencies} others.");
                break;
            }
            else
            {
                ids.Add(id);
            }
        }

        return ids;
    }

    public static CallbackSpec? ReadCallback(FormObject form)
    {
        var url = form.RequiredText("url", "The address", 2048);
        if (url is not null && CallbackFault(url) is { } fault)
        {
            form.Faults.Add(form.At("url"), FaultCodes.InvalidValue, fault);
        }

        var callback = new CallbackSpec { Url = url ?? "", Secret = form.Text("secret", 512) };
        if (callback.Secret is { } secret && !CallbackSignature.IsSecret(secret))
        {
            form.Faults.Add(
                form.At("secret"), FaultCodes.InvalidValue,
                "A secret that begins with 'whsec_' goes on with base64 of 16 to 64 bytes.");
        }

        form.Close();
        return callback;
    }

    public static IReadOnlyDictionary<string, string> ReadLabels(FormObject? form)
    {
        var labels = new Dictionary<string, string>();
        foreach (var key in form?.Names.Take(MaxLabels + 1).ToList() ?? [])
        {
            if (labels.Count == MaxLabels)
            {
                form!.Faults.Add(form.Pointer, FaultCodes.OutOfRange, $"A job can have at most {MaxLabels} labels.");
                break;
            }

            if (!IsLabelKey(key))
            {
                form!.Faults.Add(
                    form.At(FormObject.Short(key)), FaultCodes.InvalidValue,
                    $"A label's key has 1 to {MaxLabelKeyLength} letters, digits, '.', '_', '-' or '/'.");
            }

            if (form!.Require(key, "A text") is not null && form.Text(key, mayBeEmpty: true) is { } value)
            {
                labels[key] = value;
            }
        }

        return labels;
    }

    public static bool IsLabelKey(string key) =>
        key.Length is > 0 and <= MaxLabelKeyLength
        && key.All(c => char.IsAsciiLetterOrDigit(c) || "._-/".Contains(c, StringComparison.Ordinal));

    private static string? CallbackFault(string url) =>
        !Uri.TryCreate(url, UriKind.Absolute, out var uri)
        || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)
            ? "The address must be an absolute http or https URL."
            : uri.UserInfo.Length > 0 ? "The address must not hold a user name or password."
            : uri.Fragment.Length > 0 ? "The address must not hold a fragment."
            : uri.Host.Length == 0 ? "The address must name a host."
            : null;
}
