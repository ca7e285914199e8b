using System.Formats.Tar;
using System.Net;
using System.Security.Cryptography;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Datasets;

namespace Emergence.Analyzer.Tests.Datasets;

public sealed class DownloadTests : IDisposable
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 2_000_000).Select(i => (byte)(i % 251))];

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _progress = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void a_file_is_fetched_checked_and_reported()
    {
        var path = Path.Combine(_folder.Root, "new", "file.gz");
        Fetch(Published(Content), path, _ => Answer(Content));
        Assert.Equal(Content, File.ReadAllBytes(path));
        Assert.Equal("file.gz: downloading 2.0 MB from one.test", _progress[0]);
        Assert.Equal("file.gz: 100 %", _progress[^1]);
        Assert.Equal(11, _progress.Count);
    }

    [Fact]
    public void the_next_mirror_is_asked_where_one_fails_or_lies()
    {
        var path = Path.Combine(_folder.Root, "file.gz");
        var asked = new List<string>();
        Fetch(Published(Content), path, request =>
        {
            asked.Add(request.RequestUri!.ToString());
            return request.RequestUri.Host == "one.test" ? Answer(Content[1..]) : Answer(Content);
        });
        Assert.Equal(["https://one.test/data/file.gz", "https://two.test/file.gz"], asked);
        Assert.Equal(Content, File.ReadAllBytes(path));
    }

    [Fact]
    public void where_no_mirror_serves_the_error_names_the_remedy_and_nothing_is_left()
    {
        var path = Path.Combine(_folder.Root, "file.gz");
        var error = Assert.Throws<UserException>(() => Fetch(Published(Content), path, request =>
            request.RequestUri!.Host == "one.test"
                ? throw new HttpRequestException("Name or service not known")
                : new HttpResponseMessage(HttpStatusCode.NotFound)));
        Assert.Equal(
            "file.gz: cannot be downloaded (one.test: Name or service not known; two.test: answers 404 Not Found); "
            + "check the network, or fetch it by other means and give its folder with --data-dir",
            error.Message);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Root));
    }

    [Fact]
    public void more_bytes_than_published_are_not_taken()
    {
        var path = Path.Combine(_folder.Root, "file.gz");
        var error = Assert.Throws<UserException>(() => Fetch(Published(Content[..^1]), path, _ => Answer(Content)));
        Assert.Contains("something other than the published file", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Root));
    }

    [Fact]
    public void a_cancelled_download_leaves_nothing()
    {
        using var cancel = new CancellationTokenSource();
        var path = Path.Combine(_folder.Root, "file.gz");
        using var http = new Mirror(_ => Answer(Content));
        var download = new Download(_folder.Root, http,
            line => { if (line.Contains("50 %", StringComparison.Ordinal)) cancel.Cancel(); }, cancel.Token);
        Assert.ThrowsAny<OperationCanceledException>(() => download.Fetch(Published(Content), path));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Root));
    }

    [Fact]
    public void an_idx_pair_is_downloaded_once_and_read_from_the_cache_after()
    {
        var images = Bytes.Gzip(Bytes.Idx(0x08, [2, 1, 1], [10, 20]));
        var labels = Bytes.Gzip(Bytes.Idx(0x08, [2], [3, 4]));
        var files = new IdxPair
        {
            Folders = ["mnist"],
            Published = [Published(images) with { Name = "t10k-images-idx3-ubyte.gz" },
                Published(labels) with { Name = "t10k-labels-idx1-ubyte.gz" }],
        };
        var requests = 0;
        using var http = new Mirror(request =>
        {
            requests++;
            return Answer(request.RequestUri!.AbsolutePath.Contains("images", StringComparison.Ordinal) ? images : labels);
        });
        var download = new Download(_folder.Root, http, null, default);
        for (var i = 0; i < 2; i++)
        {
            var (read, classes) = files.Open(files.Cached("test", download));
            Assert.Equal([10, 20], read.Read().Data.ToArray());
            Assert.Equal([3, 4], classes);
        }
        Assert.Equal(2, requests);
    }

    [Fact]
    public void the_cifar_archive_is_unpacked_by_name_and_nothing_else_of_it_is_trusted()
    {
        var record = Bytes.CifarRecord(5, _ => 1);
        var archive = Tar(
            ("cifar-10-batches-bin/data_batch_1.bin", record), ("cifar-10-batches-bin/data_batch_2.bin", record),
            ("cifar-10-batches-bin/data_batch_3.bin", record), ("cifar-10-batches-bin/data_batch_4.bin", record),
            ("../../data_batch_5.bin", record), ("/elsewhere/test_batch.bin", record), ("../../evil.bin", record));
        var files = new CifarBatches
        {
            Folders = ["cifar-10-batches-bin"],
            Archive = Published(archive) with { Name = "cifar.tar.gz" }
        };
        using var http = new Mirror(_ => Answer(archive));
        var (train, _) = files.Open(files.Cached("train", new Download(_folder.Root, http, null, default)));
        Assert.Equal([5, 3, 32, 32], train.Shape);
        Assert.Equal([Path.Combine(_folder.Root, "cifar-10-batches-bin")], Directory.GetFileSystemEntries(_folder.Root));
        Assert.Equal(6, Directory.GetFiles(Path.Combine(_folder.Root, "cifar-10-batches-bin")).Length);
    }

    [Fact]
    public void an_archive_without_a_batch_is_refused_and_leaves_nothing()
    {
        var archive = Tar(("data_batch_1.bin", Bytes.CifarRecord(5, _ => 1)));
        var files = new CifarBatches
        {
            Folders = ["cifar-10-batches-bin"],
            Archive = Published(archive) with { Name = "cifar.tar.gz" }
        };
        using var http = new Mirror(_ => Answer(archive));
        var error = Assert.Throws<UserException>(() => files.Cached("test", new Download(_folder.Root, http, null, default)));
        Assert.Contains("holds no data_batch_2.bin", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Root));
    }

    [Theory]
    [InlineData("mnist", "train-images-idx3-ubyte.gz")]
    [InlineData("fashion-mnist", "train-images-idx3-ubyte.gz")]
    [InlineData("cifar10", "cifar-10-binary.tar.gz")]
    public void without_a_network_a_named_set_asks_for_its_folder(string name, string file)
    {
        using var http = new Mirror(_ => throw new HttpRequestException("No route to host"));
        var error = Assert.Throws<UserException>(() =>
            DatasetCatalog.Load(name, "train", null, null, () => new Download(_folder.Root, http, null, default)));
        Assert.StartsWith($"{file}: cannot be downloaded (", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("give its folder with --data-dir", error.Message, StringComparison.Ordinal);
    }

    private void Fetch(PublishedFile file, string path, Func<HttpRequestMessage, HttpResponseMessage> answer)
    {
        using var http = new Mirror(answer);
        new Download(_folder.Root, http, _progress.Add, default).Fetch(file, path);
    }

    private static PublishedFile Published(byte[] content) =>
        new("file.gz", content.Length, Convert.ToHexStringLower(SHA256.HashData(content)),
            ["https://one.test/data/", "https://two.test/"]);

    private static HttpResponseMessage Answer(byte[] content) =>
        new(HttpStatusCode.OK) { Content = new ByteArrayContent(content) };

    private static byte[] Tar(params (string Name, byte[] Content)[] entries)
    {
        var target = new MemoryStream();
        using (var tar = new TarWriter(target, leaveOpen: true))
        {
            tar.WriteEntry(
                new UstarTarEntry(TarEntryType.SymbolicLink, "cifar-10-batches-bin/test_batch.bin") { LinkName = "/etc/passwd" });
            foreach (var (name, content) in entries)
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
        }
        return Bytes.Gzip(target.ToArray());
    }

    private sealed class Mirror(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(answer(request));
    }
}
