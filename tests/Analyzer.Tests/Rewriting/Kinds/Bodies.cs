using System.Collections.Immutable;
using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Rewriting.Kinds;

/// <summary>A part of the network as a local function, or as the branch that a constant condition chooses.</summary>
internal static class Bodies
{
    private const string Domain = "tests.spelled";

    public static ImmutableArray<Rewrite> All { get; } =
    [
        new("local function of one operator", draft => AsFunction(draft, longest: 1)) { Stage = 2 },
        new("local function of several operators", draft => AsFunction(draft, longest: 4)) { Stage = 2 },
        new("If with a constant condition", draft => AsBranch(draft, condition: true)) { Stage = 2 },
        new("If with a constant condition that is false", draft => AsBranch(draft, condition: false)) { Stage = 2 },
    ];

    /// <summary>A chain of nodes, each the only reader of the one before it.</summary>
    private static List<NodeProto>? Chain(Draft draft, int longest)
    {
        foreach (var first in draft.Nodes())
        {
            if (!Fits(draft, first))
                continue;
            var chain = new List<NodeProto> { first };
            while (chain.Count < longest && draft.OnlyReader(chain[^1].Output[0]) is { } next && Fits(draft, next))
                chain.Add(next);
            if (longest == 1 || chain.Count > 1)
                return chain;
        }
        return null;
    }

    private static bool Fits(Draft draft, NodeProto node) =>
        node.Domain.Length == 0 && node.Output.Count == 1 && node.Input.All(input => input.Length > 0)
            && node.OpType is not ("Constant" or "If")
        && draft.IsComputed(node.Output[0]) && draft.FormOf(node.Output[0]) is { IsFloat: true };

    private static string[] Outside(List<NodeProto> chain) =>
        [.. chain.SelectMany(node => node.Input).Except(chain.SelectMany(node => node.Output)).Distinct()];

    private static bool AsFunction(Draft draft, int longest)
    {
        if (Chain(draft, longest) is not { } chain)
            return false;
        var inputs = Outside(chain);
        var names = inputs.Select((name, i) => (name, To: $"i{i}")).ToDictionary(pair => pair.name, pair =>
            pair.To, StringComparer.Ordinal);
        var function = new FunctionProto { Name = draft.Fresh("Spelled"), Domain = Domain, Input = { names.Values } };
        function.OpsetImport.AddRange(draft.Model.OpsetImport.Where(import => import.Domain != Domain));
        foreach (var node in chain)
        {
            var copy = node.Clone();
            names[node.Output[0]] = $"o{function.Node.Count}";
            copy.Input.Clear();
            copy.Input.AddRange(node.Input.Select(input => names[input]));
            copy.Output[0] = names[node.Output[0]];
            function.Node.Add(copy);
        }
        function.Output.Add(names[chain[^1].Output[0]]);
        draft.Model.Functions.Add(function);
        draft.Model.IrVersion = Math.Max(draft.Model.IrVersion, 8);
        draft.Import(Domain);
        draft.MoveTo(chain[^1]);
        draft.Insert(new NodeProto
        {
            Name = draft.Fresh("call"),
            OpType = function.Name,
            Domain = Domain,
            Input = { inputs },
            Output = { chain[^1].Output[0] }
        });
        chain.ForEach(draft.Remove);
        return true;
    }

    private static bool AsBranch(Draft draft, bool condition)
    {
        if (Chain(draft, longest: 1 + draft.Random.Next(2)) is not { } chain)
            return false;
        var (result, form) = (chain[^1].Output[0], draft.FormOf(chain[^1].Output[0])!);
        var taken = Body(draft, chain, form, negate: false);
        var other = Body(draft, chain, form, negate: true);
        draft.MoveTo(chain[^1]);
        draft.Insert(new NodeProto
        {
            Name = draft.Fresh("branch"),
            OpType = "If",
            Input = { draft.Constant([condition ? 1 : 0], [], DataType.Bool) },
            Output = { result },
            Attribute = { AttributeProto.Of("then_branch", condition ? taken : other), AttributeProto.Of("else_branch", condition
                ? other : taken) },
        });
        chain.ForEach(draft.Remove);
        return true;
    }

    private static GraphProto Body(Draft draft, List<NodeProto> chain, TensorForm form, bool negate)
    {
        var body = new GraphProto { Name = draft.Fresh("body") };
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var node in chain)
        {
            var copy = node.Clone();
            if (negate)
                copy.Name = draft.Fresh("other");
            for (var i = 0; i < copy.Input.Count; i++)
                copy.Input[i] = names.GetValueOrDefault(copy.Input[i], copy.Input[i]);
            copy.Output[0] = names[node.Output[0]] = draft.Fresh("inner");
            body.Node.Add(copy);
        }
        var result = names[chain[^1].Output[0]];
        if (negate)
        {
            body.Node.Add(new NodeProto
            {
                OpType = "Neg",
                Name = draft.Fresh("other"),
                Input = { result },
                Output = { draft.Fresh("inner") }
            });
            result = body.Node[^1].Output[0];
        }
        body.Output.Add(new ValueInfoProto
        {
            Name = result,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)form.Type } }
        });
        return body;
    }
}
