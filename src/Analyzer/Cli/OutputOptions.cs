using System.Collections.Immutable;
using System.CommandLine;
using Emergence.Analyzer.Reports;
using Emergence.Checkpoints;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Cli;

/// <summary>The options that say where the answer goes, and in which form.</summary>
internal sealed class OutputOptions
{
    private static readonly ImmutableArray<ReportWriter> Printed =
        [.. ReportWriters.All.Where(writer => writer.Format is not null)];

    private Option<string> Out { get; } = TypedOption.Text(
        "--out", "DIR", $"also write {Files(ofUnits: false)} there");

    private Option<string> Html { get; } =
        HtmlFile($"write {ReportWriters.Page.FileName} alone: the answer as one page with charts, which opens from disk");

    private Option<string> TensorBoard { get; } = TypedOption.Text(
        "--tensorboard", "DIR", "write E, Ẽ, alive shares and accuracy there as event files of TensorBoard");

    private Option<ImmutableArray<FormatCall>> Format { get; } = TypedOption.Each(
        "--format", $"{string.Join('|', Printed.Select(writer => writer.Format))}[=FILE]",
        $"form of the answer on stdout, or in FILE; repeatable [default: {Printed[0].Format}]",
        [.. Printed.Select(writer => writer.Format!)], ReadFormat);

    private Option<bool> Quiet { get; } = TypedOption.Flag("--quiet", "no progress and no notes; warnings and errors stay");

    private Option<bool> Verbose { get; } = TypedOption.Flag(
        "--verbose",
        "also say on stderr where the time went, by phase, what --device auto took, and which bytes went there and back");

    /// <summary>In the order of help.</summary>
    public IEnumerable<Option> All => [Out, Html, TensorBoard, Format, Quiet, Verbose];

    /// <summary>The option that makes files of <see cref="Files"/>.</summary>
    public bool HasFolder(ParseResult parsed) => parsed.GetResult(Out) is not null;

    /// <summary>Refuses forms of the answer where there is no answer yet.</summary>
    /// <param name="parsed">The call.</param>
    /// <param name="option">The option by which there is none.</param>
    /// <exception cref="UsageException">One is asked for.</exception>
    public void RequireNone(ParseResult parsed, string option)
    {
        foreach (var form in ((Option[])[Html, TensorBoard, Format]).Where(form => parsed.GetResult(form) is not null))
            throw new UsageException($"{form.Name}: there are no numbers before the shares of {option} are merged; give it to "
                + "emergence-analyze merge");
    }

    /// <summary>What the user asked for.</summary>
    /// <param name="parsed">The call.</param>
    /// <param name="inputs">Files that the call reads.</param>
    /// <exception cref="UsageException">A path is of the wrong kind, its folder is missing, the call reads it, or two outputs go
    /// to one file.</exception>
    public OutputCall Read(ParseResult parsed, IEnumerable<string> inputs)
    {
        ImmutableArray<FormatCall> formats = parsed.GetResult(Format) is null ? [] : parsed.GetValue(Format);
        string[] read = [.. inputs];
        var folder = NotAFile(Out, parsed);
        var page = FileToWrite(Html.Name, parsed.GetValue(Html), read, folder);
        var files = formats.Select(format => FileToWrite(Format.Name, format.File, read, folder)).Append(page).OfType<string>();
        var twice = files.Concat(folder is null ? [] : FilesOfFolder.Select(name => Path.Combine(folder, name)))
            .GroupBy(Path.GetFullPath).FirstOrDefault(files => files.Count() > 1);
        if (twice is not null)
            throw new UsageException($"{twice.First()}: two outputs go to this file; name one for each");
        return new OutputCall
        {
            Out = folder,
            Html = page,
            TensorBoard = NotAFile(TensorBoard, parsed),
            // A file is one more place, not another: people still read the table.
            Formats = formats.Any(format => format.File is null) ? formats : formats.Insert(0, new FormatCall(Printed[0], null)),
            Quiet = parsed.GetResult(Quiet) is not null && parsed.GetValue(Quiet),
            IsVerbose = parsed.GetResult(Verbose) is not null && parsed.GetValue(Verbose),
        };
    }

    /// <summary>Names of the files that <c>--out</c> gives.</summary>
    public static string Files(bool ofUnits) => string.Join(
        ", ", ReportWriters.All.Where(writer => writer.OfUnits == ofUnits).Select(writer => writer.FileName).OfType<string>());

    private static IEnumerable<string> FilesOfFolder => ReportWriters.All.Select(writer => writer.FileName).OfType<string>();

    /// <summary>The option that names a page to write.</summary>
    public static Option<string> HtmlFile(string description) => TypedOption.Text("--html", "FILE", description);

    /// <summary>A file to write, or null; found wanting before anything is measured for it.</summary>
    /// <param name="option">The option that names it.</param>
    /// <param name="file">Its path, or null.</param>
    /// <param name="inputs">Files that the call reads.</param>
    /// <param name="made">A folder that the call makes, or null.</param>
    /// <exception cref="UsageException">It is a directory, its folder is missing, or the call reads it.</exception>
    public static string? FileToWrite(string option, string? file, IEnumerable<string> inputs, string? made = null)
    {
        if (string.IsNullOrEmpty(file))
            return file;
        var full = Path.GetFullPath(file);
        var folder = Path.GetDirectoryName(full);
        var isMade = !string.IsNullOrEmpty(made) && Path.TrimEndingDirectorySeparator(Path.GetFullPath(made)) == folder;
        if (Directory.Exists(file))
            throw new UsageException($"{option} {file}: is a directory; name a file in it");
        if (!isMade && !Directory.Exists(folder))
            throw new UsageException($"{option} {file}: its folder does not exist; make it first, or name another file");
        if (inputs.Any(input => Path.GetFullPath(input) == full))
            throw new UsageException($"{option} {file}: is read by this call; name another file");
        return file;
    }

    private static FormatCall ReadFormat(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var (word, file) = equals < 0 ? (text, null) : (text[..equals], text[(equals + 1)..]);
        if (file is "")
            throw new FormatException($"'{text}' names no file; write {word}=FILE");
        return Printed.FirstOrDefault(writer => writer.Format == word) is { } found
            ? new FormatCall(found, file)
            : throw TypedOption.NoSuchWord(word, [.. Printed.Select(writer => writer.Format!)]);
    }

    private static string? NotAFile(Option<string> option, ParseResult parsed) =>
        File.Exists(parsed.GetValue(option))
            ? throw new UsageException(
                $"{option.Name} {parsed.GetValue(option)}: is a file; name a directory, which is created where needed")
            : parsed.GetValue(option);
}

/// <summary>A form of the answer, and where it goes.</summary>
/// <param name="Writer">The form.</param>
/// <param name="File">The file; null for stdout.</param>
internal sealed record FormatCall(ReportWriter Writer, string? File);

/// <summary>Where the answer of one call goes.</summary>
internal sealed record OutputCall
{
    /// <summary>Directory for the files, or null.</summary>
    public required string? Out { get; init; }

    /// <summary>File for the page alone, or null.</summary>
    public required string? Html { get; init; }

    /// <summary>Directory for event files, or null.</summary>
    public required string? TensorBoard { get; init; }

    /// <summary>Forms of the answer, at least one of them on stdout.</summary>
    public required ImmutableArray<FormatCall> Formats { get; init; }

    /// <summary>Whether progress and notes are silenced.</summary>
    public required bool Quiet { get; init; }

    /// <summary>Whether it is said where the time went.</summary>
    public required bool IsVerbose { get; init; }
}
