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

    private static readonly string[] Columns =
    [
        "provider", "model", "nodes as on the CPU", "largest difference of a mean", "samples/s counted", "samples/s plain",
        "time counted / plain", "bytes a sample in", "bytes a run back", "memory",
    ];

    /// <summary>Prints the rows.</summary>
    /// <returns>Whether all devices agree with the CPU on every node that is not borderline.</returns>
    public static bool Write(IReadOnlyList<SessionFactory> devices, IEnumerable<string> models, int samples)
    {
        var numbers = string.Concat(Columns.Skip(2).Select(_ => " ---: |"));
        Console.WriteLine($"\n| {string.Join(" | ", Columns)} |\n| --- | --- |{numbers}");
        var agree = true;
        foreach (var path in models)
        {
            var (model, probe) = Agreement.Open(path, devices[0], samples);
            var onCpu = Measure(devices[0], model, probe);
            foreach (var (name, sessions) in Rows(devices))
                agree &= WriteRow(name, Path.GetFileNameWithoutExtension(path), sessions, model, probe, onCpu.Measurements[0]);
        }
        return agree;
    }

    private static IEnumerable<(string Name, SessionFactory Sessions)> Rows(IReadOnlyList<SessionFactory> devices) =>
    [
        ("cpu", devices[0]),
        ("cpu, bound", devices[0].Bound(2)),
        .. devices.Skip(1).Select(device => (device.Device.ToString(), device)),
    ];

    private static bool WriteRow(
        string name, string title, SessionFactory sessions, TracedCheckpoint model, Probe probe, Measurement onCpu)
    {
        try
        {
            var measured = Measure(sessions, model, probe);
            var agreement = Agreement.Of(onCpu, measured.Measurements[0]);
            var (counted, plain) = (double.MaxValue, double.MaxValue);
            string memory = "";
            for (var i = 0; i < Repeats; i++)
            {
                counted = Math.Min(counted, Time(() => Record(sessions, model, probe)));
                plain = Math.Min(plain, Time(() => memory = Plain(sessions, model, probe)));
            }
            var copied = measured.Profile.Copied;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {name} | {title} | {agreement.Nodes - agreement.Different:N0} of {agreement.Nodes:N0}"
                + $"{(agreement.Different > agreement.Beyond ? $", {agreement.Different - agreement.Beyond} borderline" : "")}"
                + $"{(agreement.Beyond > 0 ? $", {agreement.Beyond} WRONG" : "")} | {agreement.Largest:0.0e+0} "
                + $"| {probe.Samples / counted:N0} | {probe.Samples / plain:N0} | {counted / plain:0.00} "
                + $"| {copied.InASample:N0} | {copied.BackARun:N0} | {memory} |"));
            return agreement.Beyond == 0;
        }
        catch (UserException e)
        {
            Console.WriteLine($"| {name} | {title} | FAILED: {e.Message.Replace('|', '/')} | | | | | | | |");
            return false;
        }
    }

    private static ModelMeasurement Measure(SessionFactory sessions, TracedCheckpoint model, Probe probe) =>
        model.Measure(probe, sessions, samplesDone: null, default);

    private static void Record(SessionFactory sessions, TracedCheckpoint model, Probe probe) =>
        new ActivationRecorder(model.Checkpoint.Model, model.Checkpoint.Path, model.Graph, sessions, new AnalysisSettings())
            .Record(probe, samplesDone: null, default);

    /// <summary>Inference as it is without us, and how much memory the device holds meanwhile.</summary>
    private static string Plain(SessionFactory sessions, TracedCheckpoint model, Probe probe)
    {
        var plan = BatchPlan.Create(model.Graph, probe.Samples, 0);
        string[] outputs = [.. model.Checkpoint.Model.Graph.Output.Select(output => output.Name)];
        using var session = sessions.Open(model.Checkpoint.Model, model.Checkpoint.Path);
        using var runner = new ProbeRunner(model.Graph.Inputs, probe, plan, model.Checkpoint.Path, sessions.Binding);
        foreach (var segment in plan.Segments)
            runner.Run(session, outputs, segment, _ => { }, default);
        return Memory(sessions.Device);
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

    private static double Time(Action run)
    {
        var start = Stopwatch.GetTimestamp();
        run();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
