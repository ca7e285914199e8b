using System.Collections.Immutable;
using System.CommandLine;
using Emergence.Analyzer.Series;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Cli;

/// <summary>The checkpoints a command works on.</summary>
/// <param name="order">What help says of their order.</param>
/// <param name="example">A call that names some.</param>
internal sealed class CheckpointArgument(string order, string example)
{
    public Argument<string[]> Argument { get; } = new("checkpoint|glob|directory")
    {
        Description = $"ONNX files, patterns (*, ?, **, [a-z]) or directories of .onnx files; {order}",
        Arity = ArgumentArity.ZeroOrMore,
    };

    /// <summary>The files that are meant.</summary>
    /// <exception cref="UsageException">None is given, or a path or pattern names nothing.</exception>
    public ImmutableArray<string> Read(ParseResult parsed)
    {
        var names = parsed.GetValue(Argument)!;
        if (names.Length == 0)
            throw new UsageException($"no checkpoint given; name files, patterns or directories, as in: {example}");
        // An unknown option is taken for a checkpoint by the parser; a file of that name can be given as ./--name.
        if (names.FirstOrDefault(name => name.StartsWith('-') && !File.Exists(name)) is { } unknown)
            throw new UsageException($"unknown option '{unknown}'; see emergence-analyze --help");
        return CheckpointFinder.Find(names);
    }
}
