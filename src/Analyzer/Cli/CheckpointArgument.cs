using System.Collections.Immutable;
using System.CommandLine;
using System.Text;
using Emergence.Analyzer.Series;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Cli;

/// <summary>The checkpoints a command works on.</summary>
/// <param name="order">What help says of their order.</param>
/// <param name="example">A call that names some.</param>
internal sealed class CheckpointArgument(string order, string example)
{
    // A list of names; a file of models is larger, and is none.
    private const int LongestList = 1 << 26;

    public Argument<string[]> Argument { get; } = new("checkpoint|glob|directory")
    {
        Description = "ONNX files, patterns (*, ?, **, [a-z]) or directories of .onnx files; - reads such names from stdin, "
            + $"@FILE from a file, one in a line; {order}",
        HelpName = "CHECKPOINT",
        Arity = ArgumentArity.ZeroOrMore,
    };

    /// <summary>The files that are meant.</summary>
    /// <param name="parsed">The call.</param>
    /// <param name="input">The program's stdin.</param>
    /// <exception cref="UsageException">None is given, or a path or pattern names nothing.</exception>
    public ImmutableArray<string> Read(ParseResult parsed, TextReader input)
    {
        var names = parsed.GetValue(Argument)!;
        if (names.Length == 0)
            throw new UsageException($"no checkpoint given; name files, patterns or directories, as in: {example}");
        string[] commands = [.. parsed.CommandResult.Command.Subcommands.Select(command => command.Name)];
        if (!CheckpointFinder.Exists(names[0]) && NearestName.Of(names[0], commands) is { } command)
            throw new UsageException($"{names[0]}: no such file, directory or command; did you mean '{command}'?");
        return CheckpointFinder.Find(names.SelectMany(name => Listed(name, input)));
    }

    private static IEnumerable<string> Listed(string name, TextReader input)
    {
        // A file of that name is meant as it stands.
        if (name != "-" && (name[0] != '@' || File.Exists(name)))
            return [name];
        var list = name == "-" ? "stdin" : name[1..];
        var text = name == "-" ? input.ReadToEnd() : ReadList(list);
        // As find -print0 writes them, which keeps names apart that hold line breaks.
        var separator = text.Contains('\0', StringComparison.Ordinal) ? '\0' : '\n';
        (int Line, string Name)[] names =
            [.. text.Split(separator).Select((line, i) => (i + 1, line.TrimEnd('\r'))).Where(line => line.Item2.Length > 0)];
        if (names.FirstOrDefault(each => !CheckpointFinder.Exists(each.Name)) is { Name: { } missing, Line: var at })
            throw new UsageException($"{list}, line {at}: '{missing}': no such file or directory; check the list");
        return names.Length > 0
            ? names.Select(each => each.Name)
            : throw new UsageException($"{list}: holds no name of a checkpoint; give one in a line");
    }

    private static string ReadList(string path)
    {
        try
        {
            if (new FileInfo(path).Length > LongestList)
                throw new UsageException($"@{path}: is too large for a list of names; leave out @ to analyze the file itself");
            return File.ReadAllText(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
        }
        catch (DecoderFallbackException)
        {
            throw new UsageException($"@{path}: is no text, as a list of names is; leave out @ to analyze the file itself");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UsageException($"@{path}: no list of names can be read from '{path}'; check the path");
        }
    }
}
