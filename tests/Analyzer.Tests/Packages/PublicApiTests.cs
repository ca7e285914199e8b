using System.Reflection;
using System.Text;
using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Tests.Reports;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Measuring;
using Emergence.Pruning;
using Emergence.TorchExport;
using Emergence.Tracing;
using PublicApiGenerator;

namespace Emergence.Analyzer.Tests.Packages;

/// <summary>
/// What each package lets a program see. A change of it is a change for every user: it must be seen in the diff of its golden
/// file, which <c>EMERGENCE_RENEW_GOLDENS=1</c> writes.
/// </summary>
public class PublicApiTests
{
    private static readonly ApiGeneratorOptions Options = new()
    {
        IncludeAssemblyAttributes = false,
        // Those that the compiler adds say nothing to a reader.
        ExcludeAttributes = ["System.Runtime.CompilerServices.CompilerGeneratedAttribute"],
        UseDenyNamespacePrefixesForExtensionMethods = false,
    };

    private static readonly Assembly[] Packages =
    [
        typeof(Checkpoint).Assembly, typeof(SampleSet).Assembly, typeof(Measurer).Assembly,
        typeof(NetworkGraph).Assembly, typeof(Pruner).Assembly, typeof(LayerTracer).Assembly, typeof(TorchOnnx).Assembly,
    ];

    public static TheoryData<string> Names => [.. Packages.Select(package => package.GetName().Name!)];

    [Theory]
    [MemberData(nameof(Names))]
    public void the_public_surface_is_the_one_agreed_on(string name)
    {
        var package = Packages.Single(package => package.GetName().Name == name);
        // The types of the file format are made from schemas/onnx.proto, which says what they are.
        var types = package.GetExportedTypes().Where(type => type.Namespace != "Onnx").ToArray();
        var api = types.GeneratePublicApi(Options).ReplaceLineEndings("\n").TrimEnd();
        Golden.Check($"api-{name}.txt", Encoding.UTF8.GetBytes(api + "\n"));
    }

    /// <summary>What a caller could change behind our back has no place in a public signature.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void no_mutable_collection_is_public(string name)
    {
        string[] mutable = ["BitArray", "Generic.List<", "Generic.Dictionary<", "Generic.HashSet<"];
        var package = Packages.Single(package => package.GetName().Name == name);
        var api = package.GetExportedTypes().Where(type => type.Namespace != "Onnx").ToArray().GeneratePublicApi(Options);
        Assert.DoesNotContain(
            api.Split('\n'),
            line => Array.Exists(mutable, type => line.Contains($"System.Collections.{type}", StringComparison.Ordinal)));
    }
}
