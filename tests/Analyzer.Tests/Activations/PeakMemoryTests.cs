using System.Diagnostics;
using System.Globalization;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Microsoft.ML.OnnxRuntime;
using static Emergence.Analyzer.Tests.Instrumentation.TinyModel;

namespace Emergence.Analyzer.Tests.Activations;

/// <summary>
/// ONNX Runtime frees an activation once nothing is left to read it. Where counters stand in the file decides when that
/// is, by an order that is ONNX Runtime's own affair: only a measurement shows that it still holds.
/// </summary>
public class PeakMemoryTests
{
    private const string Variable = "EMERGENCE_TEST_PEAK_MEMORY";
    private const int Layers = 24;
    private const int Rows = 1 << 18;
    private const int Width = 16;

    [Fact]
    public void counting_every_layer_of_a_deep_chain_takes_less_than_twice_the_memory_of_running_it()
    {
        if (!OperatingSystem.IsLinux())
            Assert.Skip("the peak is read from /proc/self/status");
        var plain = PeakOfChild("plain");
        var counted = PeakOfChild("counted");
        var activations = Layers * Rows * Width * sizeof(float) / 1024;
        Assert.True(counted < 2 * plain && counted - plain < activations / 2,
            string.Create(CultureInfo.InvariantCulture,
                $"peak {counted / 1024} MB with counters, {plain / 1024} MB without; all activations together are "
                + $"{activations / 1024} MB"));
    }

    [Fact(Explicit = true)]
    public void in_a_process_of_its_own()
    {
        if (Environment.GetEnvironmentVariable(Variable)?.Split(':') is not [var what, var report])
        {
            Assert.Skip("is started by the other test");
            return;
        }
        var chain = Chain();
        var probe = chain.Probe(Rows, new double[Rows * Width]);
        var settings = new AnalysisSettings { Device = Device.Cpu, Threads = 1, Batch = Rows };
        var sessions = SessionFactory.Create(settings);
        if (what == "plain")
            Run(sessions, chain, probe);
        else
            new ActivationRecorder(chain.Proto, "chain.onnx", chain.Graph, sessions, settings).Record(probe, null, default);
        File.WriteAllText(report,
            File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)));
    }

    private static TinyModel Chain()
    {
        var chain = new TinyModel(13).Input("x", [null, Width]).Initializer("w", [Width, Width], Sixteenths(Width * Width, 1));
        for (var i = 0; i < Layers; i++)
            chain.Node("MatMul", $"{(i == 0 ? "x" : $"y{i - 1}")} w", $"h{i}")
                .Node("Relu", $"h{i}", $"y{i}")
                .Layer($"y{i}", [Batch(), Channel(Width)]);
        return chain.Output($"y{Layers - 1}");
    }

    private static void Run(SessionFactory sessions, TinyModel chain, Probe probe)
    {
        using var session = sessions.Open(chain.Proto, "chain.onnx");
        using var feed = new InputFeed(chain.Graph.Inputs[0], probe.Inputs[0], Rows);
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["x"], [feed.Fill(0, Rows, Rows)], session.OutputNames);
    }

    /// <summary>Peak resident memory of a process that does nothing else, in kB.</summary>
    private static long PeakOfChild(string what)
    {
        var report = Path.GetTempFileName();
        try
        {
            var program = Path.ChangeExtension(typeof(PeakMemoryTests).Assembly.Location, null);
            var method = $"{typeof(PeakMemoryTests).FullName}.{nameof(in_a_process_of_its_own)}";
            var start = new ProcessStartInfo(program, ["-method", method, "-explicit", "only"])
            {
                RedirectStandardOutput = true,
                Environment = { [Variable] = $"{what}:{report}" },
            };
            using var child = Process.Start(start)!;
            var output = child.StandardOutput.ReadToEnd();
            child.WaitForExit();
            Assert.True(child.ExitCode == 0, output);
            return long.Parse(File.ReadAllText(report).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1],
                CultureInfo.InvariantCulture);
        }
        finally
        {
            File.Delete(report);
        }
    }
}
