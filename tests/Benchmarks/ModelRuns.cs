using System.Collections.Immutable;
using System.Diagnostics;
using System.Numerics;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Microsoft.ML.OnnxRuntime;
using Onnx;

namespace Emergence.Benchmarks;

/// <summary>
/// Random samples through one model on one thread, in four ways: as the file is, counted inside, in the runs of the counted form
/// but without counters, and with every activation handed out and added up here. Each gives the milliseconds of processor time
/// that all samples took.
/// </summary>
internal sealed class ModelRuns : IDisposable
{
    private readonly SessionFactory sessions;
    private readonly TracedCheckpoint model;
    private readonly Probe probe;
    private readonly RunnableModel form;
    private readonly AnalysisSettings settings;
    private readonly List<IDisposable> open = [];

    /// <summary>Traces a model.</summary>
    public ModelRuns(string path, int samples, Statistic statistic)
    {
        settings = new AnalysisSettings { Device = Device.Cpu, Threads = 1, Statistic = statistic };
        sessions = SessionFactory.Create(settings);
        (model, probe) = TracedCheckpoint.On(
            Checkpoint.Open(path), settings, new ProbeCache(new ProbeOptions { Samples = samples }), sessions, null, default);
        form = model.Form(probe, sessions, default);
        // Plain inference runs as many samples at a time as the file lets it.
        Whole = BatchPlan.Create(model.Graph, probe.Samples, 0);
        Grouped = BatchPlan.Create(form.Graph, probe.Samples, 0).InGroups(form.Graph);
    }

    /// <summary>The runs of the file as it is.</summary>
    public BatchPlan Whole { get; }

    /// <summary>The runs of the counted form.</summary>
    public BatchPlan Grouped { get; }

    private ImmutableArray<string> Outputs => [.. model.Checkpoint.Model.Graph.Output.Select(output => output.Name)];

    /// <summary>The file as it is.</summary>
    public Func<double> Plain() => Way(model.Checkpoint.Model, Runner(model.Graph, Whole), Outputs, Whole);

    /// <summary>The runs of the counted form, without counters.</summary>
    public Func<double> InSuchRuns() => Way(form.Model, Runner(form.Graph, Grouped), Outputs, Grouped);

    /// <summary>Counted as an analysis counts.</summary>
    public Func<double> Counted()
    {
        var counters = AliveRule.CountersFor(settings);
        var counted = Instrumenter.Instrument(form.Model, form.Graph.Layers, new CountingOptions
        {
            Counters = counters,
            ByGroups = Grouped.Group > 1,
            GroupsOutside = true,
            OneByOne = Grouped.IsOneByOne,
            OnHost = ActivationBudget.LayersWithin(form.Graph.Layers, Grouped),
            TracedBatch = Grouped.FixedBatch ?? form.Graph.Batch,
        });
        var accumulators = counted.Layers.Select(layer => new LayerAccumulator(
            layer.Layer, layer.Layout, counters, Grouped.FixedBatch ?? form.Graph.Batch, null)).ToArray();
        return Way(counted.Model, Runner(form.Graph, Grouped), counted.Outputs, Grouped, counted.Ones, OnHost);

        // What is counted outside is part of the cost.
        void OnHost(RunOutputs run)
        {
            for (var i = 0; i < counted.Layers.Length; i++)
            {
                using var outputs = run.Outputs.Skip(counted.FirstOutputs[i]).GetEnumerator();
                accumulators[i].Add(counted.Layers[i], outputs, run.Fed, Grouped.Segments[0], 0, isWhole: false);
            }
        }
    }

    /// <summary>
    /// Every activation of float32 handed out, and its sum over the samples of a run, in float32, added to one in double.
    /// </summary>
    /// <param name="batch">Samples of a run; of the file's own fixed batch where it has one.</param>
    public Func<double> Exposed(int batch)
    {
        var plan = BatchPlan.Create(model.Graph, probe.Samples, batch);
        var exposed = model.Checkpoint.Model.Clone();
        exposed.Graph.Output.Clear();
        ImmutableArray<string> tensors = [.. model.Graph.Layers.Select(layer => layer.Reading)
            .Where(reading => (TensorProto.Types.DataType)reading.ElementType == TensorProto.Types.DataType.Float)
            .Select(reading => reading.Tensor).Distinct()];
        if (tensors.IsEmpty)
            throw new NotSupportedException($"{model.Checkpoint.FileName} has no activations of float32");
        exposed.Graph.Output.Add(tensors.Select(tensor => new ValueInfoProto
        {
            Name = tensor,
            Type = new TypeProto { TensorType = new() { ElemType = (int)TensorProto.Types.DataType.Float } },
        }));
        var sums = new double[tensors.Length][];
        return Way(exposed, Runner(model.Graph, plan), tensors, plan, receive: run =>
        {
            for (var i = 0; i < sums.Length; i++)
            {
                var values = run.Outputs[i].GetTensorDataAsSpan<float>();
                sums[i] ??= new double[values.Length / (int)run.Outputs[i].GetTensorTypeAndShape().Shape[0]];
                AddUp(values, sums[i]);
            }
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (var i = open.Count; i-- > 0;)
            open[i].Dispose();
    }

    private static void AddUp(ReadOnlySpan<float> rows, Span<double> sums)
    {
        var width = Vector<float>.Count;
        var node = 0;
        for (; node <= sums.Length - width; node += width)
        {
            var sum = Vector<float>.Zero;
            for (var at = node; at < rows.Length; at += sums.Length)
                sum += new Vector<float>(rows[at..]);
            Vector.Widen(sum, out var low, out var high);
            (low + new Vector<double>(sums[node..])).CopyTo(sums[node..]);
            var rest = sums[(node + Vector<double>.Count)..];
            (high + new Vector<double>(rest)).CopyTo(rest);
        }
        for (; node < sums.Length; node++)
        {
            for (var at = node; at < rows.Length; at += sums.Length)
                sums[node] += rows[at];
        }
    }

    private ProbeRunner Runner(Tracing.Model.LayerGraph graph, BatchPlan plan) =>
        Kept(new ProbeRunner(graph.Inputs, probe, plan, model.Checkpoint.FileName));

    private Func<double> Way(
        ModelProto runs, ProbeRunner runner, ImmutableArray<string> outputs, BatchPlan plan, string? ones = null,
        Action<RunOutputs>? receive = null)
    {
        var session = Kept(sessions.Open(runs, model.Checkpoint.Path));
        return () => Time(runner, session, outputs, plan, ones, receive);
    }

    private T Kept<T>(T disposable) where T : IDisposable
    {
        open.Add(disposable);
        return disposable;
    }

    private static double Time(
        ProbeRunner runner, InferenceSession session, ImmutableArray<string> outputs, BatchPlan plan, string? ones,
        Action<RunOutputs>? receive)
    {
        using var process = Process.GetCurrentProcess();
        var start = process.TotalProcessorTime;
        foreach (var segment in plan.Segments)
            runner.Run(session, outputs, segment, receive ?? (_ => { }), default, ones);
        process.Refresh();
        return (process.TotalProcessorTime - start).TotalMilliseconds;
    }
}
