using System.Globalization;
using BenchmarkDotNet.Running;
using Emergence.Benchmarks;

if (args is ["soak", var folder, var analyses])
    return Soak.Run(folder, int.Parse(analyses, CultureInfo.InvariantCulture));
if (args is ["counting", _, _, _, _, ..])
{
    CountingCost.Run(args.AsSpan(1));
    return 0;
}
if (args is ["guard", _, _, ..])
    return CountingCost.Guard(args[1..]);
if (args is ["large", var models, var layers, var program])
    return LargeModel.Run(models, int.Parse(layers, CultureInfo.InvariantCulture), program);
if (args is ["large-plain", var large])
{
    LargeModel.Plain(large);
    return 0;
}
if (args is ["compare", _, _, _, _, _, _, _, ..])
    return HooksComparison.Run(args[1..]);
if (args is ["expose", _, _, _, ..])
    return ExposeCost.Run(args[1..]);
if (args is ["way", _, _, _])
    return ExposeCost.Way(args[1..]);
if (args is ["start", _, _])
    return StartUp.Run(args[1..]);
if (args is ["plain", _, _, _, _, ..])
    return PlainSeries.Run(args[1..]);
if (args is ["series", _, _, _, ..])
    return SeriesGrowth.Run(args[1..]);
if (args is ["samples", _, _, _, _, ..])
    return SamplesGrowth.Run(args[1..]);
if (args is ["epoch", _, _, _, _])
    return EpochCost.Run(args[1..]);
if (args is ["threads", _, _, _, ..])
    return ThreadsGain.Run(args[1..]);
if (args is ["containment", _, _, _, ..])
    return ContainmentCost.Run(args[1..]);
if (args is ["landscape", _, _, _, ..])
{
    LandscapeCost.Run(args.AsSpan(1));
    return 0;
}
if (args is ["merge", .. var lengths])
{
    var isSettled = lengths is ["settled", ..];
    MergeCost.Run(lengths[(isSettled ? 1 : 0)..].Select(length => int.Parse(length, CultureInfo.InvariantCulture)), isSettled);
    return 0;
}
if (args is ["shards", var shards, var checkpoints, .. var kind])
{
    new MadeSeries(int.Parse(checkpoints, CultureInfo.InvariantCulture), kind is ["settled"]).WriteShards(shards);
    return 0;
}
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
