using Emergence.Trainer.Native;

namespace Emergence.Trainer.Tests.Native;

public sealed class ElfVersionNeedsTests
{
    [Fact]
    public void Only_flags_of_unused_versions_change_in_the_real_library()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks into TorchSharp's library for Linux");
        var original =
            File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so"));
        var image = original.ToArray();

        Assert.True(ElfVersionNeeds.MakeUnusedOptional(image));

        var changes = Enumerable.Range(0, image.Length).Where(i => image[i] != original[i]).ToArray();
        Assert.All(changes, i => Assert.Equal(original[i] | 2, image[i]));
        // GLIBCXX_3.4.32: the mark of <iostream>. Versions whose symbols are called stay as they are.
        Assert.Single(changes);
        Assert.False(ElfVersionNeeds.MakeUnusedOptional(image), "a second pass finds nothing to do");
    }

    [Theory]
    [InlineData("")]
    [InlineData("MZ is how a Windows library starts, and it goes on for longer than an ELF header would take")]
    public void Other_files_are_left_alone(string content)
    {
        var image = System.Text.Encoding.ASCII.GetBytes(content);
        Assert.False(ElfVersionNeeds.MakeUnusedOptional(image));
        Assert.Equal(content, System.Text.Encoding.ASCII.GetString(image));
    }
}
