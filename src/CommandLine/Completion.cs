using System.CommandLine;
using System.Text;

namespace Emergence.CommandLine;

/// <summary><c>completion bash|zsh|fish|pwsh</c>: a script after which the shell completes commands, options and words.</summary>
internal static class Completion
{
    private static readonly (string Shell, Func<CommandTree, string> Script)[] Shells =
        [("bash", Bash), ("zsh", Zsh), ("fish", Fish), ("pwsh", PowerShell)];

    /// <summary>The command of a tree.</summary>
    public static CommandPage Page(CommandTree tree, Terminal terminal)
    {
        var words = string.Join('|', Shells.Select(shell => shell.Shell));
        var shell = new Argument<string>("shell") { Description = $"the shell to write for: {words}", HelpName = words };
        shell.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !Shells.Any(known => known.Shell == token.Value))
                result.AddError($"{token.Value}: expected {TypedOption.Listed(Shells.Select(known => known.Shell))}");
        });
        var command = new Command("completion", "Write a script that makes a shell complete this program's commands and options.")
        {
            shell,
        };
        command.SetAction(parsed =>
        {
            using var output = terminal.OpenOutput();
            output.Write(Shells.Single(known => known.Shell == parsed.GetRequiredValue(shell)).Script(tree));
        });
        return CommandPage.Of(command, [],
            [
                new($"source <({tree.Program} completion bash)", "completes in this bash; add the line to ~/.bashrc for all"),
                new($"{tree.Program} completion zsh > ~/.zfunc/_{tree.Program}", "for zsh, where fpath holds ~/.zfunc"),
                new($"{tree.Program} completion fish > ~/.config/fish/completions/{tree.Program}.fish", "for fish"),
                new($"{tree.Program} completion pwsh | Out-String | Invoke-Expression", "for PowerShell; goes into $PROFILE"),
            ],
            [.. ExitMeaning.Usual]);
    }

    private static IEnumerable<Option> OptionsOf(CommandTree tree, CommandPage page) =>
        page.Groups.SelectMany(group => group.Options).Append(tree.Color);

    private static string[] WordsOf(Option option) =>
        [.. option.CompletionSources.SelectMany(source => source(System.CommandLine.Completions.CompletionContext.Empty))
            .Select(item => item.Label)];

    private static string[] WordsOf(CommandPage page) => page.Command.Name == "completion"
        ? [.. Shells.Select(shell => shell.Shell)]
        : [.. page.Command.Arguments.SelectMany(argument =>
            argument.HelpName?.Split('|') is { Length: > 1 } words ? words : [])];

    private static string FunctionOf(CommandTree tree) => "_" + tree.Program.Replace('-', '_');

    private static IEnumerable<string> CommandsOf(CommandTree tree) => tree.Pages[1..].Select(page => page.Command.Name);

    // The root's own name is that of the file: nothing stands between the program and its options.
    private static string KeyOf(CommandTree tree, CommandPage page) => page.Command == tree.Root ? "" : page.Command.Name;

    private static string Bash(CommandTree tree)
    {
        var text = new StringBuilder();
        text.Append($$"""
            # bash completion of {{tree.Program}}
            {{FunctionOf(tree)}}() {
                local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command="" words="" names="" word
                for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
                    case $word in {{string.Join('|', CommandsOf(tree))}}) command=$word; break;; esac
                done
                case "$command $previous" in

            """);
        foreach (var page in tree.Pages)
        {
            foreach (var option in OptionsOf(tree, page).Where(option => WordsOf(option).Length > 0))
                text.Append($"        \"{KeyOf(tree, page)} {option.Name}\") ")
                    .Append($"COMPREPLY=($(compgen -W \"{string.Join(' ', WordsOf(option))}\" -- \"$current\")); return;;\n");
        }
        text.Append("    esac\n    case $command in\n");
        foreach (var page in tree.Pages)
        {
            var options = OptionsOf(tree, page).Select(option => option.Name).Append("--help");
            IEnumerable<string> names = page.Command == tree.Root ? CommandsOf(tree) : WordsOf(page);
            text.Append($"        \"{KeyOf(tree, page)}\") words=\"{string.Join(' ', options)}\"; ")
                .Append($"names=\"{string.Join(' ', names)}\";;\n");
        }
        return text.Append($$"""
                esac
                if [[ $current == -* ]]; then
                    COMPREPLY=($(compgen -W "$words" -- "$current"))
                else
                    COMPREPLY=($(compgen -W "$names" -- "$current") $(compgen -f -- "$current"))
                fi
            }
            complete -o filenames -F {{FunctionOf(tree)}} {{tree.Program}}

            """).ToString().ReplaceLineEndings("\n");
    }

    private static string Zsh(CommandTree tree)
    {
        var text = new StringBuilder($$"""
            #compdef {{tree.Program}}
            # zsh completion of {{tree.Program}}
            {{FunctionOf(tree)}}() {
                local command="" word
                for word in ${words[2,CURRENT-1]}; do
                    case $word in {{string.Join('|', CommandsOf(tree))}}) command=$word; break;; esac
                done
                case $command in

            """);
        foreach (var page in tree.Pages)
        {
            text.Append($"        '{KeyOf(tree, page)}') _arguments \\\n");
            foreach (var option in OptionsOf(tree, page).Where(option => !option.Hidden))
            {
                var many = option.Arity.MaximumNumberOfValues > 1 ? "*" : "";
                var value = option.ValueType == typeof(bool) ? ""
                    : WordsOf(option) is { Length: > 0 } choices ? $":word:({string.Join(' ', choices)})" : ":value:_files";
                text.Append($"            '{many}{option.Name}[{Plain(option, "[]:'\\")}]{value}' \\\n");
            }
            if (page.Command == tree.Root)
                text.Append($"            '1: :({string.Join(' ', CommandsOf(tree))})' \\\n");
            else if (WordsOf(page) is { Length: > 0 } words)
                text.Append($"            '1: :({page.Command.Name})' '2: :({string.Join(' ', words)})' \\\n");
            text.Append("            '*:file:_files';;\n");
        }
        return text.Append($$"""
                esac
            }
            if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
                {{FunctionOf(tree)}} "$@"
            else
                compdef {{FunctionOf(tree)}} {{tree.Program}}
            fi

            """).ToString().ReplaceLineEndings("\n");
    }

    private static string Fish(CommandTree tree)
    {
        var text = new StringBuilder($"# fish completion of {tree.Program}\n");
        var commands = string.Join(' ', CommandsOf(tree));
        foreach (var page in tree.Pages)
        {
            var where = page.Command == tree.Root
                ? $"not __fish_seen_subcommand_from {commands}"
                : $"__fish_seen_subcommand_from {page.Command.Name}";
            if (page.Command != tree.Root)
                text.Append($"complete -c {tree.Program} -n 'not __fish_seen_subcommand_from {commands}' -a {page.Command.Name} ")
                    .Append($"-d '{Plain(page.Command.Description, "'\\")}'\n");
            if (WordsOf(page) is { Length: > 0 } words)
                text.Append($"complete -c {tree.Program} -n '{where}' -f -a '{string.Join(' ', words)}'\n");
            foreach (var option in OptionsOf(tree, page))
            {
                var value = option.ValueType == typeof(bool) ? ""
                    : WordsOf(option) is { Length: > 0 } choices ? $" -x -a '{string.Join(' ', choices)}'" : " -r";
                text.Append($"complete -c {tree.Program} -n '{where}' -l {option.Name.TrimStart('-')}{value} ")
                    .Append($"-d '{Plain(option, "'\\")}'\n");
            }
        }
        return text.ToString();
    }

    private static string PowerShell(CommandTree tree)
    {
        var text = new StringBuilder($$"""
            # PowerShell completion of {{tree.Program}}
            Register-ArgumentCompleter -Native -CommandName '{{tree.Program}}' -ScriptBlock {
                param($current, $tree, $cursor)
                $options = @{

            """);
        foreach (var page in tree.Pages)
        {
            var options = OptionsOf(tree, page).Select(option => option.Name).Append("--help");
            text.Append($"        '{KeyOf(tree, page)}' = @({Quoted(options)})\n");
        }
        text.Append("    }\n    $values = @{\n");
        foreach (var page in tree.Pages)
        {
            foreach (var option in OptionsOf(tree, page).Where(option => WordsOf(option).Length > 0))
                text.Append($"        '{KeyOf(tree, page)} {option.Name}' = @({Quoted(WordsOf(option))})\n");
            if (WordsOf(page) is { Length: > 0 } words)
                text.Append($"        '{KeyOf(tree, page)} {KeyOf(tree, page)}' = @({Quoted(words)})\n");
        }
        return text.Append($$"""
                }
                $words = @($tree.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursor } | ForEach-Object { "$_" })
                $command = ($words | Where-Object { $_ -in @({{Quoted(CommandsOf(tree))}}) } | Select-Object -First 1)
                $found = $values["$command $($words[-1])"]
                if (-not $found) { $found = $options["$command"] }
                if (-not $command) { $found += @({{Quoted(CommandsOf(tree))}}) }
                $found | Where-Object { $_ -like "$current*" } | ForEach-Object {
                    [System.Management.Automation.CompletionResult]::new($_)
                }
            }

            """).ToString().ReplaceLineEndings("\n");
    }

    private static string Quoted(IEnumerable<string> words) => string.Join(", ", words.Select(word => $"'{word}'"));

    private static string Plain(Option option, string forbidden) => Plain(option.Description, forbidden);

    // Each shell has signs of its own that end or change a description.
    private static string Plain(string? description, string forbidden) =>
        string.Concat((description ?? "").Where(c => !forbidden.Contains(c, StringComparison.Ordinal)));
}
