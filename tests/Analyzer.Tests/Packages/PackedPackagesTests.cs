using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Packages;

/// <summary>
/// The libraries as a stranger gets them: packed, and used by an empty project that knows nothing of this repository. It takes
/// most of a minute, so it runs where <c>CI=true</c> or <c>EMERGENCE_PACKAGES=1</c>.
/// </summary>
public sealed class PackedPackagesTests : IDisposable
{
    private static readonly string[] Projects =
        ["Checkpoints", "Datasets", "Measuring", "Metrics", "Pruning", "TorchExport", "Tracing"];

    private static readonly string TorchSample =
        Path.Combine(SharedFiles.Repository, "tests", "Trainer.Tests", "TorchExport", "TorchExportSample.cs");

    private readonly string folder = Directory.CreateTempSubdirectory("emergence-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task samples_build_and_run_in_an_empty_project()
    {
        if (Environment.GetEnvironmentVariable("CI") != "true" && Environment.GetEnvironmentVariable("EMERGENCE_PACKAGES") != "1")
            Assert.Skip("packs all libraries; runs where CI=true or EMERGENCE_PACKAGES=1");
        await PackAsync();
        var packages = Directory.GetFiles(Path.Combine(folder, "feed"), "*.nupkg").Select(Described).ToArray();
        Assert.Equal(Projects.Length, packages.Length);
        Assert.All(packages, package =>
        {
            Assert.Equal("MIT", package.License);
            Assert.Equal("README.md", package.Readme);
            Assert.NotEmpty(package.Tags);
            Assert.NotEmpty(package.Description);
        });
        // Symbols are packages of their own.
        Assert.Equal(Projects.Length, Directory.GetFiles(Path.Combine(folder, "feed"), "*.snupkg").Length);

        var project = Path.Combine(folder, "stranger");
        WriteProject(project, packages.Select(package => (package.Id, package.Version)));
        await RunAsync(project, "build", "-v", "quiet", "-nologo", "-warnaserror");
        var printed = await RunAsync(project, "run", "--no-build", "--", SampleTests.Model, Path.Combine(folder, "smaller.onnx"));
        Assert.Equal(SampleTests.RunAll(Path.Combine(folder, "other.onnx")), printed.ReplaceLineEndings("\n"));
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(folder, "other.onnx"), TestContext.Current.CancellationToken),
            await File.ReadAllBytesAsync(Path.Combine(folder, "smaller.onnx"), TestContext.Current.CancellationToken));
    }

    /// <summary>Packs what this test itself was built with, all projects by one build.</summary>
    private async Task PackAsync()
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var source = Path.Combine(SharedFiles.Repository, "src");
        var pack = new XElement("Project", new XElement("Target", new XAttribute("Name", "Pack"), new XElement(
            "MSBuild",
            new XAttribute("Projects", string.Join(';', Projects.Select(name => Path.Combine(source, name, $"{name}.csproj")))),
            new XAttribute("Targets", "Pack"),
            new XAttribute("BuildInParallel", true),
            new XAttribute("Properties", $"NoBuild=true;Configuration={configuration};PackageOutputPath={folder}/feed"))));
        var file = Path.Combine(folder, "pack.proj");
        await File.WriteAllTextAsync(file, pack.ToString(), TestContext.Current.CancellationToken);
        await RunAsync(folder, "msbuild", file, "-t:Pack", "-v:quiet", "-nologo");
    }

    private static void WriteProject(string project, IEnumerable<(string Id, string Version)> packages)
    {
        Directory.CreateDirectory(project);
        foreach (var sample in Directory.GetFiles(SampleTests.SampleFolder, "*.cs"))
            File.Copy(sample, Path.Combine(project, Path.GetFileName(sample)));
        // Built only: to run it takes libtorch, with which the trainer's tests run it.
        File.Copy(TorchSample, Path.Combine(project, Path.GetFileName(TorchSample)));
        File.WriteAllText(Path.Combine(project, "Program.cs"), """
            using Samples;

            TraceSample.Run(args[0], Console.Out);
            MeasureSample.Run(args[0], Console.Out);
            PruneSample.Run(args[0], args[1], Console.Out);
            MetricsSample.Run(Console.Out);
            CheckpointSample.Run(args[0], Console.Out);
            DatasetSample.Run(Console.Out);
            """);
        File.WriteAllText(Path.Combine(project, "stranger.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <InvariantGlobalization>true</InvariantGlobalization>
              </PropertyGroup>
              <ItemGroup>
                {string.Concat(packages.Select(Reference))}
              </ItemGroup>
            </Project>
            """);
        // Our packages go to a folder of the test's, so that none stays behind; all others are read where they lie.
        var global = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var machine = Directory.Exists(global) ? $"<add key=\"machine\" value=\"{global}\" />" : "";
        File.WriteAllText(Path.Combine(project, "nuget.config"), $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="packages" /></config>
              <packageSources><add key="packed" value="../feed" /></packageSources>
              <fallbackPackageFolders>{machine}</fallbackPackageFolders>
            </configuration>
            """);
    }

    private static XElement Reference((string Id, string Version) package) =>
        new("PackageReference", new XAttribute("Include", package.Id), new XAttribute("Version", package.Version));

    private static Package Described(string package)
    {
        using var zip = ZipFile.OpenRead(package);
        var entry = zip.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal));
        using var stream = entry.Open();
        var metadata = XDocument.Load(stream).Root!.Elements().Single();
        string Text(string name) => metadata.Elements().SingleOrDefault(element => element.Name.LocalName == name)?.Value ?? "";
        Assert.NotNull(zip.GetEntry(Text("readme")));
        return new Package(
            Text("id"), Text("version"), Text("license"), Text("readme"), Text("tags"), Text("description"));
    }

    private sealed record Package(
        string Id, string Version, string License, string Readme, string Tags, string Description);

    private static async Task<string> RunAsync(string directory, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // No build server outlives this test, and none that this test runs under is joined.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        foreach (var name in (string[])["MSBuildSDKsPath", "MSBUILD_EXE_PATH", "MSBuildExtensionsPath"])
            start.Environment.Remove(name);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)}:\n{output}\n{await error}");
        return output;
    }
}
