using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Microsoft.ML.OnnxRuntime;

namespace Emergence.Benchmarks;

/// <summary>
/// What counting costs inside the session: random samples through a model as the file is, through its instrumented form, and
/// through the form that runs in batches of that size without counters, in turn. Prints the ratios of processor times on one
/// thread: medians, and the quartiles of the first.
/// </summary>
internal static class CountingCost
{
    /// <summary>Measures models: <c>counting STATISTIC SAMPLES PAIRS FILE…</c>.</summary>
    public static void Run(ReadOnlySpan<string> args)
    {
        var settings = new AnalysisSettings
        {
            Device = Device.Cpu,
            Threads = 1,
            Statistic = Enum.Parse<Statistic>(args[0], ignoreCase: true),
        };
        var (samples, pairs) = (
            int.Parse(args[1], CultureInfo.InvariantCulture), int.Parse(args[2], CultureInfo.InvariantCulture));
        Console.WriteLine("| model | samples a run | counted / plain | quartiles | counted / plain in such runs |\n"
            + "| --- | ---: | ---: | ---: | ---: |");
        foreach (var path in args[3..])
        {
            var (batch, ratios, alone) = Measure(path, samples, pairs, settings);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {path} | {batch} | {ratios[pairs / 2]:0.00} | {ratios[pairs / 4]:0.00} to {ratios[pairs * 3 / 4]:0.00} | "
                + $"{alone[pairs / 2]:0.00} |"));
        }
    }

    private static (string Batch, double[] Ratios, double[] Alone) Measure(
        string path, int samples, int pairs, AnalysisSettings settings)
    {
        var sessions = SessionFactory.Create(settings);
        var (model, probe) = TracedCheckpoint.On(
            Checkpoint.Open(path), settings, new ProbeCache(new ProbeOptions { Samples = samples }), sessions, null, default);
        // Plain inference runs as many samples at a time as the file lets it.
        var whole = BatchPlan.Create(model.Graph, probe.Samples, 0);
        var form = model.Form(probe, sessions, default);
        var grouped = BatchPlan.Create(form.Graph, probe.Samples, 0).InGroups(form.Graph);
        var counted = Instrumenter.Instrument(form.Model, form.Graph.Layers, new CountingOptions
        {
            Counters = AliveRule.CountersFor(settings),
            ByGroups = grouped.Group > 1,
            OneByOne = grouped.IsOneByOne,
            OnHost = ActivationBudget.LayersWithin(form.Graph.Layers, grouped),
            TracedBatch = grouped.FixedBatch ?? form.Graph.Batch,
        });
        ImmutableArray<string> outputs = [.. model.Checkpoint.Model.Graph.Output.Select(output => output.Name)];
        using var plainSession = sessions.Open(model.Checkpoint.Model, path);
        using var formSession = sessions.Open(form.Model, path);
        using var countedSession = sessions.Open(counted.Model, path);
        using var plainRunner = new ProbeRunner(model.Graph.Inputs, probe, whole, path);
        using var countedRunner = new ProbeRunner(form.Graph.Inputs, probe, grouped, path);
        double Plain() => Time(plainRunner, plainSession, outputs, whole, null);
        double InSuchRuns() => Time(countedRunner, formSession, outputs, grouped, null);
        double Counted() => Time(countedRunner, countedSession, counted.Outputs, grouped, counted.Ones, OnHost);
        var results = counted.Layers.ToDictionary(layer => layer,
            layer => layer.Counters.Select(_ => new double[layer.Layout.Nodes]).ToArray());
        // What is counted on activations that come out whole is part of the cost.
        void OnHost(RunOutputs run)
        {
            foreach (var layer in counted.Layers.Where(layer => layer.Activations is not null))
            {
                HostCounts.Count(run.Outputs[counted.Outputs.IndexOf(layer.Activations!)].GetTensorDataAsSpan<float>(),
                    [.. layer.Counters.Select(each => each.Counter).Where(counter => counter.IsOrderless)], results[layer]);
            }
        }
        Plain();
        InSuchRuns();
        Counted();
        var (ratios, alone) = (new double[pairs], new double[pairs]);
        for (var i = 0; i < pairs; i++)
        {
            var before = i % 2 == 0 ? Plain() : 0;
            var counting = Counted();
            ratios[i] = counting / (i % 2 == 0 ? before : Plain());
            alone[i] = counting / InSuchRuns();
        }
        Array.Sort(ratios);
        Array.Sort(alone);
        return ($"{whole.Segments[0].RunSize}, {grouped.Segments[0].RunSize}", ratios, alone);
    }

    private static double Time(
        ProbeRunner runner, InferenceSession session, ImmutableArray<string> outputs, BatchPlan plan, string? ones,
        Action<RunOutputs>? receive = null)
    {
        using var process = Process.GetCurrentProcess();
        var start = process.TotalProcessorTime;
        foreach (var segment in plan.Segments)
            runner.Run(session, outputs, segment, receive ?? (_ => { }), default, ones);
        process.Refresh();
        return (process.TotalProcessorTime - start).TotalMilliseconds;
    }
}
