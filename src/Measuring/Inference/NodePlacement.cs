using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Emergence.Checkpoints;
using Emergence.Measuring.Devices;
using Emergence.Measuring.Settings;
using Emergence.Tracing.Model;
using Microsoft.ML.OnnxRuntime;

namespace Emergence.Measuring.Inference;

/// <summary>A node and the execution provider that runs it.</summary>
internal readonly record struct PlacedNode(string Provider, string Name, string Op);

/// <summary>Which execution provider runs which node of a session.</summary>
internal static unsafe partial class NodePlacement
{
    /// <summary>The session option that has ONNX Runtime keep this; it does so in no time that can be measured.</summary>
    public const string Option = "session.record_ep_graph_assignment_info";

    private const string Cpu = "CPUExecutionProvider";

    // The version of ONNX Runtime's table of functions that has those used here; later ones only append.
    private const uint TableVersion = 24;

    /// <summary>The nodes, as they are after basic optimization, in the order of the runtime.</summary>
    public static ImmutableArray<PlacedNode> Of(InferenceSession session)
    {
        var table = ((delegate* unmanaged<uint, OrtApi*>)OrtGetApiBase()[0])(TableVersion);
        nint* parts;
        nuint count;
        Require(table, ((delegate* unmanaged<nint, nint**, nuint*, nint>)table->Session_GetEpGraphAssignmentInfo)(
            HandleOf(session), &parts, &count));
        var nodes = ImmutableArray.CreateBuilder<PlacedNode>();
        for (nuint i = 0; i < count; i++)
        {
            var provider = Text(table, table->EpAssignedSubgraph_GetEpName, parts[i]);
            nint* members;
            nuint size;
            Require(table, ((delegate* unmanaged<nint, nint**, nuint*, nint>)table->EpAssignedSubgraph_GetNodes)(
                parts[i], &members, &size));
            for (nuint j = 0; j < size; j++)
                nodes.Add(new PlacedNode(provider, Text(table, table->EpAssignedNode_GetName, members[j]),
                    Text(table, table->EpAssignedNode_GetOperatorType, members[j])));
        }
        return nodes.ToImmutable();
    }

    /// <summary>How many nodes each provider runs, the largest number first.</summary>
    public static ImmutableArray<ProviderNodes> Count(IEnumerable<PlacedNode> nodes) =>
        [.. nodes.GroupBy(node => node.Provider, StringComparer.Ordinal)
            .Select(group => new ProviderNodes(group.Key, group.Count()))
            .OrderByDescending(provider => provider.Nodes).ThenBy(provider => provider.Name, StringComparer.Ordinal)];

    /// <summary>What runs on the CPU though the model runs elsewhere.</summary>
    /// <param name="nodes">The nodes of a session.</param>
    /// <param name="layers">The layers that count.</param>
    /// <param name="device">Where the model runs.</param>
    /// <param name="isNamed">Whether that device was asked for by name.</param>
    /// <param name="path">The model file, for errors.</param>
    /// <exception cref="UserException">The device was asked for by name, and a layer does not run on it.</exception>
    public static ImmutableArray<Diagnostic> Check(
        ImmutableArray<PlacedNode> nodes, ImmutableArray<TracedLayer> layers, Device device, bool isNamed, string path)
    {
        if (device == Device.Cpu)
            return [];
        ImmutableArray<Diagnostic> found = [.. OnCpu(nodes, layers)];
        return isNamed && found.FirstOrDefault(entry => entry.Severity == Severity.Warning) is { } fallen
            ? throw new UserException(
                $"{path}: layer '{fallen.Subject}': {fallen.Message}, and --device {device} forbids that; use --device auto")
            : found;
    }

    /// <summary>
    /// Layers that run on the CPU though the model runs elsewhere, and which other nodes do. The runtime keeps the arithmetic of
    /// shapes there on purpose; a layer is there because the provider cannot run it.
    /// </summary>
    /// <param name="nodes">The nodes of a session on another device than the CPU.</param>
    /// <param name="layers">The layers.</param>
    internal static IEnumerable<Diagnostic> OnCpu(ImmutableArray<PlacedNode> nodes, ImmutableArray<TracedLayer> layers)
    {
        var fallen = nodes.Where(node => node.Provider == Cpu).ToArray();
        var elsewhere = string.Join(", ", nodes.Select(node => node.Provider).Where(name => name != Cpu).Distinct());
        var provider = elsewhere.Length > 0 ? elsewhere : "the device";
        var byName = fallen.ToLookup(node => node.Name, StringComparer.Ordinal);
        foreach (var layer in layers.Where(layer => byName.Contains(layer.Name)))
            yield return Diagnostic.Warning(layer.Name, $"this {layer.Op} runs on the CPU: {provider} cannot run it");
        if (fallen.Length > 0)
            yield return ProviderNodes.Placement(
                $"{fallen.Length} of {nodes.Length} nodes run on the CPU: "
                + string.Join(", ", fallen.Select(node => node.Op).Distinct().Order(StringComparer.Ordinal)));
    }

    private static string Text(OrtApi* table, nint getter, nint subject)
    {
        byte* text;
        Require(table, ((delegate* unmanaged<nint, byte**, nint>)getter)(subject, &text));
        return Marshal.PtrToStringUTF8((nint)text) ?? "";
    }

    private static void Require(OrtApi* table, nint status)
    {
        if (status == 0)
            return;
        var words = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint, nint>)table->GetErrorMessage)(status));
        ((delegate* unmanaged<nint, void>)table->ReleaseStatus)(status);
        throw new InvalidOperationException($"ONNX Runtime does not tell where nodes run: {words}");
    }

    // The package's own C# has no call for it yet, and keeps the handle to itself.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Handle")]
    private static extern nint HandleOf(InferenceSession session);

    [LibraryImport("onnxruntime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial nint* OrtGetApiBase();
}
