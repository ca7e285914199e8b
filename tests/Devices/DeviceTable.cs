using System.Diagnostics;
using System.Globalization;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Devices;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;

namespace Emergence.Devices;

/// <summary>One row for each model and device: what it counts against the CPU, how fast, and what it copies.</summary>
internal static class DeviceTable
{
    private const int Repeats = 3;

    // Of what takes longer, nothing is repeated.
    private const double TooLong = 20;

    private static readonly string[] Columns =
    [
        "provider", "model", "nodes as on the CPU", "largest difference of a mean", "samples a run", "samples/s counted",
        "samples/s plain", "time counted / plain", "opening, s", "bytes a sample in", "bytes a run back", "memory after it",
    ];

    /// <summary>Prints the rows.</summary>
    /// <param name="devices">The CPU, then the others.</param>
    /// <param name="models">Their files.</param>
    /// <param name="samples">Samples on which they are compared.</param>
    /// <param name="timed">Samples on which they are timed, and the most bytes of them.</param>
    /// <returns>Whether all devices agree with the CPU on every node that is not borderline.</returns>
    public static bool Write(
        IReadOnlyList<SessionFactory> devices, IEnumerable<string> models, int samples, (int Samples, long Bytes) timed)
    {
        var numbers = string.Concat(Columns.Skip(2).Select(_ => " ---: |"));
        Console.WriteLine($"\n| {string.Join(" | ", Columns)} |\n| --- | --- |{numbers}");
        var agree = true;
        foreach (var path in models)
        {
            var (model, probe) = Agreement.Open(path, devices[0], samples);
            var many = (int)Math.Clamp(timed.Bytes / probe.Inputs.Sum(input => (long)input.SampleBytes), 8, timed.Samples);
            var (_, more) = Agreement.Open(path, devices[0], many);
            var start = Stopwatch.GetTimestamp();
            var onCpu = Measure(devices[0], model, probe);
            var isSlow = Stopwatch.GetElapsedTime(start).TotalSeconds * many / samples > TooLong;
            foreach (var (name, sessions) in Rows(devices))
                agree &= WriteRow(
                    name, TitleOf(path), sessions, model, probe,
                    isSlow && sessions.Device == Device.Cpu ? null : more, onCpu.Measurements[0]);
        }
        return agree;
    }

    private static IEnumerable<(string Name, SessionFactory Sessions)> Rows(IReadOnlyList<SessionFactory> devices) =>
    [
        ("cpu", devices[0]),
        ("cpu, bound", devices[0].Bound(2)),
        .. devices.Skip(1).Select(device => (device.Device.ToString(), device)),
    ];

    // Many files are called model.onnx.
    private static string TitleOf(string path) =>
        $"{Path.GetFileName(Path.GetDirectoryName(path))}/{Path.GetFileNameWithoutExtension(path)}";

    private static bool WriteRow(string name, string title, SessionFactory sessions, TracedCheckpoint model, Probe probe,
        Probe? timed, Measurement onCpu)
    {
        try
        {
            var measured = Measure(sessions, model, probe);
            var agreement = Agreement.Of(onCpu, measured.Measurements[0]);
            var copied = measured.Profile.Copied;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {name} | {title} | {agreement.Nodes - agreement.Different:N0} of {agreement.Nodes:N0}"
                + $"{(agreement.Different > agreement.Beyond ? $", {agreement.Different - agreement.Beyond} borderline" : "")}"
                + $"{(agreement.Beyond > 0 ? $", {agreement.Beyond} OTHERWISE, up to {agreement.Farthest:0.0e+0} from θ" : "")}"
                + $" | {agreement.Largest:0.0e+0} | {(timed is null ? " | | | |" : Times(sessions, model, timed))}"
                + $" {copied.InASample:N0} | {copied.BackARun:N0} | {Memory(sessions.Device)} |"));
            return agreement.Beyond == 0;
        }
        catch (UserException e)
        {
            Console.WriteLine($"| {name} | {title} | FAILED: {e.Message.Replace('|', '/')} | | | | | | | | | |");
            return false;
        }
    }

    private static string Times(SessionFactory sessions, TracedCheckpoint model, Probe probe)
    {
        var form = model.Form(probe, sessions, default);
        var counted = Speed.Of(probe, samples => Record(sessions, model, form, samples));
        var plain = Speed.Of(probe, samples => Plain(sessions, model, form, samples));
        var run = PlanOf(form, probe, sessions).Segments[0].RunSize;
        return string.Create(CultureInfo.InvariantCulture, $"{Math.Min(run, probe.Samples):N0} | {Text(counted.Rate, "N0")} "
            + $"| {Text(plain.Rate, "N0")} | {Text(plain.Rate / counted.Rate, "0.00")} | {Text(counted.Opening, "0.00")} |");

        static string Text(double? number, string form) =>
            number?.ToString(form, CultureInfo.InvariantCulture) ?? "too fast to tell";
    }

    private static ModelMeasurement Measure(SessionFactory sessions, TracedCheckpoint model, Probe probe) =>
        model.Measure(probe, sessions, samplesDone: null, default);

    private static void Record(SessionFactory sessions, TracedCheckpoint model, RunnableModel form, Probe probe) =>
        new ActivationRecorder(form.Model, model.Checkpoint.Path, form.Graph, sessions, new AnalysisSettings())
            .Record(probe, samplesDone: null, default);

    private static BatchPlan PlanOf(RunnableModel form, Probe probe, SessionFactory sessions) =>
        BatchPlan.Create(form.Graph, probe.Samples, 0, budget: sessions.Budget).InGroups(form.Graph);

    /// <summary>Inference as it is without us, in runs of the same size.</summary>
    private static void Plain(SessionFactory sessions, TracedCheckpoint model, RunnableModel form, Probe probe)
    {
        var plan = PlanOf(form, probe, sessions);
        string[] outputs = [.. form.Model.Graph.Output.Select(output => output.Name)];
        using var session = sessions.Open(form.Model, model.Checkpoint.Path);
        using var runner = new ProbeRunner(form.Graph.Inputs, probe, plan, model.Checkpoint.Path, sessions.Binding);
        foreach (var segment in plan.Segments)
            runner.Run(session, outputs, segment, _ => { }, default);
    }

    private static string Memory(Device device)
    {
        const double Mebibyte = 1 << 20;
        var number = device.Numbers is [var first, ..] ? first : 0;
        using var process = Process.GetCurrentProcess();
        var host = string.Create(CultureInfo.InvariantCulture, $"{process.WorkingSet64 / Mebibyte:N0} MiB");
        return device.Name == Device.Cuda.Name && NvidiaDriver.Ask(number).Cards[number] is { Free: { } free } card
            ? string.Create(CultureInfo.InvariantCulture,
                $"{host}, of {card.Name} {(card.Total - free) / Mebibyte:N0} of {card.Total / Mebibyte:N0} MiB")
            : host;
    }

    /// <summary>What samples take, apart from what opening the session takes; null where that cannot be told apart.</summary>
    private sealed record Speed(double? Rate, double? Opening)
    {
        private const int Part = 4;

        // Three quarters of the samples must take at least this share of a run, or the rate is that of the clock's noise.
        private const double Least = 0.2;

        /// <summary>Of the difference between all samples and a quarter of them, each the best of a few.</summary>
        public static Speed Of(Probe probe, Action<Probe> run)
        {
            var few = First(probe, Math.Max(1, probe.Samples / Part));
            var (all, part) = (double.MaxValue, double.MaxValue);
            for (var i = 0; i < Repeats; i++)
            {
                part = Math.Min(part, Time(() => run(few)));
                all = Math.Min(all, Time(() => run(probe)));
            }
            if (all - part < Least * all)
                return new(null, null);
            var rate = (probe.Samples - few.Samples) / (all - part);
            return new(rate, Math.Max(0, all - (probe.Samples / rate)));
        }

        private static Probe First(Probe probe, int samples) => probe with
        {
            Samples = samples,
            Labels = null,
        };

        private static double Time(Action run)
        {
            var start = Stopwatch.GetTimestamp();
            run();
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }
}
