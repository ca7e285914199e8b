using System.Diagnostics;
using Emergence.Analyzer.Cli;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Tests.Cli;

public class HelpTests
{
    private static readonly CommandTree Tree = Commands.Tree(
        new Terminal(Stream.Null, TextWriter.Null, null, TimeProvider.System), (_, _, _) => throw new NotSupportedException());

    public static TheoryData<string, int> Pages
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var page in Tree.Pages)
            {
                foreach (var width in (int[])[40, 80, 120])
                    data.Add(page.Command.Name, width);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Help_fits_the_width_and_shows_every_option_with_examples_and_exit_codes(string name, int width)
    {
        var page = Tree.Pages.Single(page => page.Command.Name == name);
        var help = Tree.HelpOf(page.Command, width);
        // A single word may be wider than a very narrow terminal.
        Assert.All(help.Split('\n'), line => Assert.True(line.Length <= width || width < 80, line));
        Assert.All(page.Command.Options.Where(option => option.Name is not ("--help" or "--version")),
            option => Assert.Matches($@"\n +{option.Name}\b", help));
        Assert.Contains("\nUsage:\n", help, StringComparison.Ordinal);
        Assert.Contains("\nExamples:\n", help, StringComparison.Ordinal);
        Assert.Contains("\nExit codes:\n", help, StringComparison.Ordinal);
        Assert.NotEmpty(page.Examples);
        // The root's argument is the root's alone.
        Assert.Equal(name is "emergence-analyze" or "prune" or "landscape" || page.Command == Tree.Root,
            help.Contains("CHECKPOINT", StringComparison.Ordinal));
        Assert.Contains($"  {Tree.PathOf(page.Command)}", help, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_example_of_help_parses() => Assert.All(Tree.Pages.SelectMany(page => page.Examples), example =>
        Assert.Empty(Tree.Root.Parse(Arguments(example.Call)["emergence-analyze ".Length..]).Errors));

    /// <summary>The call of the program in a line for the shell.</summary>
    internal static string Arguments(string call) => call[call.IndexOf("emergence-analyze ", StringComparison.Ordinal)..]
        .Split(" | ")[0].Split(" > ")[0].Split(" && ")[0].TrimEnd(')');

    [Fact]
    public async Task Help_of_a_command_is_asked_of_the_command()
    {
        using var shell = new Shell();
        Assert.Equal(0, await shell.RunAsync("prune", "--amount", "nonsense", "-h"));
        Assert.StartsWith("Prune checkpoints", shell.Output, StringComparison.Ordinal);
        Assert.Empty(shell.Error);
    }

    [Theory]
    [InlineData("bash", "bash", "-n")]
    [InlineData("zsh", "zsh", "-n")]
    [InlineData("fish", "fish", "--no-execute")]
    public async Task A_completion_script_is_one_that_its_shell_reads(string shell, string program, string option)
    {
        using var here = new Shell();
        Assert.Equal(0, await here.RunAsync("completion", shell));
        Assert.Contains("--threshold".TrimStart('-'), here.Output, StringComparison.Ordinal);
        var script = Path.Combine(here.Folder, "script");
        await File.WriteAllTextAsync(script, here.Output, TestContext.Current.CancellationToken);
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder =>
            File.Exists(Path.Combine(folder, program))), $"{program} is not installed");
        Assert.Equal(("", 0), Run(program, option, script));
    }

    [Theory]
    [InlineData("emergence-analyze --thr", "--threshold --threads")]
    [InlineData("emergence-analyze --format js", "json")]
    [InlineData("emergence-analyze pru", "prune")]
    [InlineData("emergence-analyze prune --shr", "--shrink")]
    [InlineData("emergence-analyze prune --structure n", "nodes")]
    [InlineData("emergence-analyze completion fi", "fish")]
    public async Task Bash_completes_commands_options_and_words(string typed, string expected)
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "bash is not installed");
        using var here = new Shell();
        Assert.Equal(0, await here.RunAsync("completion", "bash"));
        var script = Path.Combine(here.Folder, "script");
        await File.WriteAllTextAsync(script, $$"""
            {{here.Output}}
            COMP_WORDS=({{typed}}); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); cd {{here.Folder}}
            _emergence_analyze; echo "${COMPREPLY[*]}"

            """, TestContext.Current.CancellationToken);
        var (answer, code) = Run("bash", script);
        Assert.Equal(0, code);
        Assert.Equal(expected.Split(' ').Order(), answer.Trim().Split(' ').Order());
    }

    [Fact]
    public async Task Powershell_gets_every_command_and_word()
    {
        using var here = new Shell();
        Assert.Equal(0, await here.RunAsync("completion", "pwsh"));
        Assert.Contains("'prune --structure' = @('weights', 'nodes')", here.Output, StringComparison.Ordinal);
        Assert.Contains("'completion completion' = @('bash', 'zsh', 'fish', 'pwsh')", here.Output, StringComparison.Ordinal);
    }

    private static (string Output, int Code) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (output + error.Result, process.ExitCode);
    }
}
