using System.Globalization;
using BenchmarkDotNet.Running;
using Emergence.Benchmarks;

if (args is ["soak", var folder, var analyses])
    return Soak.Run(folder, int.Parse(analyses, CultureInfo.InvariantCulture));
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
