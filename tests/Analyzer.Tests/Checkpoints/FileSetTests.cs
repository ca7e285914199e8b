using System.Security.Cryptography;
using System.Text;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Tests.Checkpoints;

public sealed class FileSetTests : IDisposable
{
    private static readonly string[] Names = ["series.csv", "layers.csv", "results.json"];
    private readonly TemporaryFolder folder = new();

    [Fact]
    public async Task of_many_runs_at_once_one_whole_set_stays()
    {
        folder.Write("mine.txt", 1);
        await Parallel.ForAsync(0, 20, (run, _) =>
        {
            Write($"run {run}");
            return ValueTask.CompletedTask;
        });
        Assert.Single(Names.Select(Read).Distinct());
        Assert.Equal([.. Names, "mine.txt"],
            Listed()
            .Order(StringComparer.Ordinal)
            .OrderBy(name => name == "mine.txt")
            .ThenBy(name => Array.IndexOf(Names, name)));
    }

    // What a run that is killed leaves: its lock, which says by its length whether the folder was there before.
    [Theory]
    [InlineData(1, false)]
    [InlineData(0, true)]
    public void a_folder_that_a_killed_run_had_made_goes_with_the_next_that_writes_nothing(int length, bool stays)
    {
        var made = folder.Path("made");
        Directory.CreateDirectory(made);
        File.WriteAllBytes(Path.Combine(made, ".emergence-lock"), new byte[length]);
        FileSet.Open(made).Dispose();
        Assert.Equal(stays, Directory.Exists(made));
    }

    [Fact]
    public void a_run_that_fails_leaves_the_old_set()
    {
        Write("old");
        using (var set = FileSet.Open(folder.Root))
        {
            Assert.Throws<UserException>(() =>
                set.Write([("series.csv", Writes("new")), ("results.json", _ => throw new IOException("full"))]));
        }
        Assert.All(Names, name => Assert.Equal("old", Read(name)));
        Assert.Equal(Names.Length, Listed().Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void an_interrupted_commit_is_brought_to_its_end(int renamed)
    {
        Write("old");
        Interrupt("new", renamed);
        FileSet.Recover(folder.Root);
        Assert.All(Names, name => Assert.Equal("new", Read(name)));
        Assert.Equal(Names.Length, Listed().Length);
    }

    [Fact]
    public void files_of_two_runs_are_refused()
    {
        Write("old");
        Interrupt("new", renamed: 1);
        File.Delete(folder.Path(".emergence-results.json.staged"));
        Assert.Contains("results.json: is not of the same run",
            Assert.Throws<UserException>(() => FileSet.Recover(folder.Root)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void while_a_run_has_the_folder_another_is_told()
    {
        using var first = FileSet.Open(folder.Root);
        Assert.Equal($"{folder.Root}: another run is writing there; wait for its end, or name another folder",
            Assert.Throws<UserException>(() => FileSet.Open(folder.Root)).Message);
        first.Write([.. Names.Select(name => (name, Writes("first")))]);
        Assert.All(Names, name => Assert.Equal("first", Read(name)));
    }

    [Fact]
    public void a_folder_that_was_made_for_nothing_goes()
    {
        FileSet.Open(folder.Path("new")).Dispose();
        Assert.False(Directory.Exists(folder.Path("new")));
        Directory.CreateDirectory(folder.Path("old"));
        FileSet.Open(folder.Path("old")).Dispose();
        Assert.True(Directory.Exists(folder.Path("old")));
    }

    public void Dispose() => folder.Dispose();

    /// <summary>What a run leaves that is killed behind its record.</summary>
    private void Interrupt(string text, int renamed)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        foreach (var (i, name) in Names.Index())
            File.WriteAllText(folder.Path(i < renamed ? name : $".emergence-{name}.staged"), text);
        File.WriteAllText(folder.Path(".emergence-commit"), string.Concat(Names.Select(name => $"{hash}  {name}\n")));
    }

    private void Write(string text)
    {
        using var set = FileSet.Open(folder.Root);
        set.Write([.. Names.Select(name => (name, Writes(text)))]);
    }

    private static Action<Stream> Writes(string text) => stream => stream.Write(Encoding.UTF8.GetBytes(text));

    private string Read(string name) => File.ReadAllText(folder.Path(name));

    private string[] Listed() => [.. Directory.GetFileSystemEntries(folder.Root).Select(path => Path.GetFileName(path))];
}
