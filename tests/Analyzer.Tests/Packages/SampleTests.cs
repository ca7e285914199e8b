using System.Globalization;
using System.Text;
using Emergence.Analyzer.Tests.Reports;
using Emergence.Testing;
using Samples;

namespace Emergence.Analyzer.Tests.Packages;

/// <summary>The samples in the packages' READMEs: they are these files, and these files run.</summary>
public sealed class SampleTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("emergence-").FullName;

    internal static string Model { get; } = Path.Combine(SharedFiles.Repository, "models", "digits-mlp", "ckpt_010.onnx");

    internal static string SampleFolder { get; } =
        Path.Combine(SharedFiles.Repository, "tests", "Analyzer.Tests", "Packages", "Samples");

    /// <summary>The library that each sample shows.</summary>
    public static TheoryData<string, string> Readmes => new()
    {
        { "Checkpoints", nameof(CheckpointSample) },
        { "Datasets", nameof(DatasetSample) },
        { "Measuring", nameof(MeasureSample) },
        { "Metrics", nameof(MetricsSample) },
        { "Pruning", nameof(PruneSample) },
        { "Tracing", nameof(TraceSample) },
    };

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [MemberData(nameof(Readmes))]
    public void a_readme_shows_its_sample(string project, string sample)
    {
        var readme = File.ReadAllText(Path.Combine(SharedFiles.Repository, "src", project, "README.md"));
        var code = File.ReadAllText(Path.Combine(SampleFolder, $"{sample}.cs"));
        Assert.Contains($"\n```csharp\n{code.TrimEnd()}\n```\n", readme, StringComparison.Ordinal);
        Assert.Contains("\n## Limits\n", readme, StringComparison.Ordinal);
    }

    [Fact]
    public void every_sample_is_in_a_readme() => Assert.Equal(
        Directory.GetFiles(SampleFolder, "*.cs").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal),
        Readmes.Select(row => row.Data.Item2).Order(StringComparer.Ordinal));

    [Fact]
    public void samples_print_what_they_say() =>
        Golden.Check("samples.txt", Encoding.UTF8.GetBytes(RunAll(Path.Combine(folder, "smaller.onnx"))));

    /// <summary>What all samples print, one after the other.</summary>
    internal static string RunAll(string smaller)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        TraceSample.Run(Model, output);
        MeasureSample.Run(Model, output);
        PruneSample.Run(Model, smaller, output);
        MetricsSample.Run(output);
        CheckpointSample.Run(Model, output);
        DatasetSample.Run(output);
        return output.ToString();
    }
}
