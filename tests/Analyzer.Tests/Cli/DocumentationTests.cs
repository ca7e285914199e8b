using System.CommandLine;
using System.Text.Json;
using System.Text.RegularExpressions;
using Emergence.Analyzer.Cli;
using Emergence.Analyzer.Gates;
using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Tests.Reports;
using Emergence.CommandLine;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Cli;

/// <summary>Holds README.md and docs/ to the program, and the program to them.</summary>
public partial class DocumentationTests
{
    private static readonly CommandTree Tree = Commands.Tree(
        new Terminal(Stream.Null, TextWriter.Null, null, TimeProvider.System), (_, _, _) => throw new NotSupportedException());

    private static readonly RootCommand Program = Tree.Root;

    [GeneratedRegex(@"`(--[a-z-]+)")]
    private static partial Regex OptionName();

    [GeneratedRegex(@"(?<=^\| `)[a-z0-9_]+(?=` \|)", RegexOptions.Multiline)]
    private static partial Regex DocumentedColumn();

    [GeneratedRegex(@"'[^']*'|\S+")]
    private static partial Regex Word();

    [Fact]
    public void The_readme_lists_exactly_the_options_of_the_program()
    {
        var table = Read("README.md").Split('\n').Where(line => line.StartsWith("| `--", StringComparison.Ordinal));
        var documented =
            table.SelectMany(line => OptionName().Matches(line.Split(" | ")[0]).Select(match => match.Groups[1].Value));
        Assert.Equal(
            Program.Options.Select(option => option.Name).Order(StringComparer.Ordinal),
            documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_readme_names_the_choices_of_every_option()
    {
        var readme = Read("README.md");
        foreach (var option in Program.Options.Where(option =>
            option.HelpName is { } name && name.Contains('|', StringComparison.Ordinal)))
            Assert.Contains($"`{option.Name} {option.HelpName!.Replace("|", "\\|", StringComparison.Ordinal)}`", readme,
                StringComparison.Ordinal);
    }

    [Fact]
    public void Every_call_in_the_readme_and_in_help_parses()
    {
        var lines = $"{Read("README.md")}\n{string.Join('\n', Calls)}".Split('\n').Select(line => line.Trim()).ToArray();
        const string Installed = "emergence-analyze ";
        const string Built = "dotnet run -c Release --project src/Analyzer -- ";
        string[] calls =
        [
            .. lines.Where(line => line.StartsWith(Installed, StringComparison.Ordinal)).Select(line => line[Installed.Length..]),
            .. lines.Where(line => line.StartsWith(Built, StringComparison.Ordinal)).Select(line => line[Built.Length..]),
        ];
        Assert.True(calls.Length >= 10);
        Assert.All(calls, call =>
        {
            string[] args = [.. Word().Matches(call.Split(" && ")[0]).Select(match => match.Value.Trim('\''))];
            Assert.Empty(Program.Parse(args).Errors);
        });
    }

    private static IEnumerable<string> Calls => Tree.Pages.SelectMany(page => page.Examples)
        .Select(example => HelpTests.Arguments(example.Call));

    [Fact]
    public void Every_exit_code_is_in_help_and_in_the_readme()
    {
        var readme = Read("README.md");
        foreach (var code in (int[])[ExitCode.Done, ExitCode.Failed, ExitCode.Usage, ExitCode.Gate, ExitCode.Partial,
            ExitCode.Canceled])
        {
            Assert.Matches($@"\n  {code} +\w", Tree.HelpOf(Program, 80));
            Assert.Contains($"**{code}**", readme, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("series.csv")]
    [InlineData("layers.csv")]
    [InlineData("units.csv")]
    public void Docs_list_exactly_the_columns_of_a_file(string file)
    {
        using var stream = new MemoryStream();
        ReportWriters.All.Single(writer => writer.FileName == file).Write(SampleOutcome.Plain, stream);
        var header = System.Text.Encoding.UTF8.GetString(stream.ToArray()).Split('\n')[0];
        var section = Read("docs/formats.md").Split("\n## ").Single(part => part.StartsWith(file, StringComparison.Ordinal));
        Assert.Equal(header.Split(','), DocumentedColumn().Matches(section).Select(match => match.Value));
    }

    [Fact]
    public void Every_field_of_the_schema_is_required_and_no_other_is_allowed()
    {
        using var schema = JsonDocument.Parse(Read("schemas/results.schema.json"));
        foreach (var definition in schema.RootElement.GetProperty("$defs").EnumerateObject().Select(entry => entry.Value))
        {
            Assert.Equal(
                definition.GetProperty("properties").EnumerateObject().Select(property => property.Name),
                definition.GetProperty("required").EnumerateArray().Select(name => name.GetString()));
            Assert.False(definition.GetProperty("additionalProperties").GetBoolean());
        }
    }

    [Theory]
    [InlineData("Values of the network")]
    [InlineData("Values of a layer")]
    [InlineData("Words")]
    public void Docs_list_exactly_the_values_of_gates(string title)
    {
        var section = Read("docs/gates.md").Split("\n## ").Single(part => part.StartsWith(title, StringComparison.Ordinal));
        var (numbers, words) = (title == "Values of a layer" ? GateNumbers.OfLayer : GateNumbers.OfNetwork, GateWords.All);
        Assert.Equal(
            title == "Words"
                ? words.Select(word => $"| `{word.Name}` | {word.Meaning} | `{string.Join("`, `", word.Choices)}` |")
                : numbers.Select(number => $"| `{number.Name}` | {number.Meaning} |"),
            section.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_field_of_the_schema_is_described()
    {
        using var schema = JsonDocument.Parse(Read("schemas/results.schema.json"));
        Assert.All(Fields(schema.RootElement), field => Assert.True(
            field.Value.TryGetProperty("description", out _) || field.Value.TryGetProperty("$ref", out _), field.Name));

        static IEnumerable<JsonProperty> Fields(JsonElement json) => json.ValueKind switch
        {
            JsonValueKind.Object => json.EnumerateObject().SelectMany(member => Fields(member.Value).Concat(
                member.Name == "properties" && member.Value.ValueKind == JsonValueKind.Object
                    ? member.Value.EnumerateObject() : [])),
            JsonValueKind.Array => json.EnumerateArray().SelectMany(Fields),
            _ => [],
        };
    }

    private static string Read(string file) => File.ReadAllText(Path.Combine(SharedFiles.Repository, file));
}
