using System.Security.Cryptography;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Datasets;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Measuring.Probes;
using Google.Protobuf;
using static Emergence.Analyzer.Tests.Probes.ProbedModel;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Analyzer.Tests.Probes;

public sealed class ProbeResolverTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void the_recorded_data_set_is_loaded_and_preprocessed_as_recorded()
    {
        var set = DatasetCatalog.Load("digits", "test", null, 100);
        var model = new ProbedModel(folder)
        {
            Metadata = new()
            {
                Dataset = "digits",
                Split = "test",
                DatasetSha256 = set.Sha256,
                Scale = 1f / 255,
                Mean = [0.5f],
                Std = [0.5f]
            },
        };
        var probe = model.Input("x", [null, 784]).Resolve(new ProbeOptions { Samples = 100 });
        Assert.Equal(100, probe.Samples);
        Assert.Equal(set.Labels!, probe.Labels!.Value);
        Assert.Equal(("digits test", 100, null), (probe.Provenance.Name, probe.Provenance.Samples, probe.Provenance.Seed));
        Assert.Empty(probe.Diagnostics);
        var input = Assert.Single(probe.Inputs);
        Assert.Equal([784], input.SampleShape);
        Assert.Equal(set.Data.ToArray().Select(value => (value * (1f / 255) - 0.5f) / 0.5f), Floats(input));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Read(input))), probe.Provenance.Sha256);
    }

    [Fact]
    public void another_set_than_the_recorded_one_is_refused()
    {
        var model = new ProbedModel(folder)
        {
            Metadata =
            new() { Dataset = "digits", Split = "test", DatasetSha256 = new string('a', 64) }
        };
        var error = Assert.Throws<UserException>(() => model.Input("x", [null, 784]).Resolve());
        Assert.StartsWith("model.onnx: records digits test with SHA-256 aaaaaaaaaaaa…, but the one found has ", error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void a_recorded_set_that_cannot_be_had_is_no_reason_for_random_samples()
    {
        var unknown = new ProbedModel(folder) { Metadata = new() { Dataset = "private" } };
        Assert.Equal(
            "model.onnx: records the data set 'private', which is not known here; give its samples with --data",
            Assert.Throws<UserException>(() => unknown.Input("x", [null, 784]).Resolve()).Message);
        var absent = new ProbedModel(folder) { Metadata = new() { Dataset = "mnist" } };
        Assert.Throws<UsageException>(() => absent.Input("x", [null, 784]).Resolve(new ProbeOptions { DataDir = folder.Root }));
    }

    [Theory]
    [InlineData("(0, 2)", "[0,2]")]
    [InlineData("(0,)", "[0]")]
    public void data_that_a_filter_left_empty_are_refused(string shape, string shown)
    {
        var path = folder.Write("x.npy", Bytes.Npy("<f4", shape, []));
        var error = Assert.Throws<UserException>(
            () => new ProbedModel(folder).Input("x", [null, 2]).Resolve(new ProbeOptions { Data = [path] }));
        Assert.Equal($"{path}: holds no samples (its shape is {shown}); give data with at least one", error.Message);
    }

    [Fact]
    public void what_the_user_says_goes_before_what_is_recorded()
    {
        var path = folder.Write("x.npy", Bytes.Npy("|u1", "(2, 2)", [0, 1, 2, 3]));
        var model = new ProbedModel(folder)
        {
            Metadata =
            new() { Dataset = "digits", DatasetSha256 = "no", Scale = 0.5f, Mean = [1] }
        };
        model.Input("x", [null, 2]);
        Assert.Equal([-1, -0.5f, 0, 0.5f], Floats(model.Resolve(path).Inputs[0]));
        var told = model.Resolve(new ProbeOptions { Data = [path], Scale = 2, Mean = [0], Std = [4] });
        Assert.Equal([0, 0.5f, 1, 1.5f], Floats(told.Inputs[0]));
    }

    [Fact]
    public void means_and_deviations_are_taken_per_channel()
    {
        byte[] pixels = [.. Enumerable.Range(0, 12).Select(i => (byte)i)];
        var path = folder.Write("x.npy", Bytes.Npy("|u1", "(1, 2, 2, 3)", pixels));
        var options = new ProbeOptions { Data = [path], Mean = [0, 100], Std = [1, 4] };
        float[] expected = [0, 1, 2, 3, 4, 5, -23.5f, -23.25f, -23, -22.75f, -22.5f, -22.25f];
        var channelsFirst = new ProbedModel(folder).Input("x", [null, 2, 2, 3]).Resolve(options);
        Assert.Equal(expected, Floats(channelsFirst.Inputs[0]));
        var channelsLast = new ProbedModel(folder).Input("x", [null, 2, 3, 2]).Resolve(options);
        Assert.Equal([0, -23.5f, 1, -23.25f, 2, -23], Floats(channelsLast.Inputs[0])[..6]);
        var flat = new ProbedModel(folder).Input("x", [null, 12]).Resolve(options);
        Assert.Equal(expected, Floats(flat.Inputs[0]));

        var floats =
            folder.Write("f.npy", Bytes.Npy("<f4", "(1, 2, 2, 3)", Bytes.Floats([.. pixels.Select(value => (float)value)])));
        var same = new ProbedModel(folder).Input("x", [null, 2, 2, 3]).Resolve(options with { Data = [floats] });
        Assert.Equal(expected, Floats(same.Inputs[0]));

        var gray = folder.Write("g.npy", Bytes.Npy("|u1", "(1, 3, 4)", pixels));
        Assert.Equal(
            $"{gray}: 2 values of mean or std for samples of shape [3,4]; give one for all, or one for each channel",
            Assert.Throws<UsageException>(() =>
                new ProbedModel(folder).Input("x", [null, 1, 3, 4]).Resolve(options with { Data = [gray] })).Message);
    }

    [Fact]
    public void floats_of_the_right_type_are_fed_as_they_are()
    {
        var path = folder.Write("x.npy", Bytes.Npy("<f4", "(2, 2)", Bytes.Floats(1, float.NaN, -0f, 1e-42f)));
        var input = new ProbedModel(folder).Input("x", [null, 2]).Resolve(path).Inputs[0];
        Assert.Equal(Bytes.Floats(1, float.NaN, -0f, 1e-42f), Read(input));
    }

    [Fact]
    public void values_are_converted_to_what_the_input_takes()
    {
        var path = folder.Write("x.npy", Bytes.Npy("|u1", "(1, 3)", [0, 1, 255]));
        Assert.Equal([(Half)0, (Half)0.5, (Half)127.5], Values<Half>(Fed(DataType.Float16, new ProbeOptions { Scale = 0.5f })));
        Assert.Equal([0, 0.1f, 25.5f],
            Values<double>(Fed(DataType.Double, new ProbeOptions { Scale = 0.1f })).Select(value => (float)value));
        Assert.Equal([0, 0x3F80, 0x437F], Values<ushort>(Fed(DataType.Bfloat16, new ProbeOptions())));
        Assert.Equal([0, 1, 255], Values<long>(Fed(DataType.Int64, new ProbeOptions { Scale = 7 })));
        Assert.Equal([0, 1, 255], Values<byte>(Fed(DataType.Uint8, new ProbeOptions())));
        Assert.Contains("int8, which the model takes",
            Assert.Throws<UserException>(() => Fed(DataType.Int8, new ProbeOptions())).Message, StringComparison.Ordinal);
        Assert.Contains("bool, which the model takes",
            Assert.Throws<UserException>(() => Fed(DataType.Bool, new ProbeOptions())).Message, StringComparison.Ordinal);

        ProbeInput Fed(DataType type, ProbeOptions options) =>
            new ProbedModel(folder).Input("x", [null, 3], type).Resolve(options with { Data = [path] }).Inputs[0];
    }

    [Fact]
    public void fractions_do_not_feed_whole_numbers()
    {
        var path = folder.Write("x.npy", Bytes.Npy("<f4", "(1, 1)", Bytes.Floats(1)));
        Assert.Equal(
            $"{path}: holds float where the model takes int64; save whole numbers",
            Assert.Throws<UserException>(() =>
                new ProbedModel(folder).Input("x", [null, 1], DataType.Int64).Resolve(path)).Message);
    }

    [Fact]
    public void an_idx_file_brings_the_labels_beside_it()
    {
        var path = folder.Write("train-images-idx3-ubyte.gz", Bytes.Gzip(Bytes.Idx(0x08, [3, 2, 2], new byte[12])));
        folder.Write("train-labels-idx1-ubyte", Bytes.Idx(0x08, [3], [4, 5, 6]));
        var model = new ProbedModel(folder).Input("x", [null, 1, 2, 2]);
        Assert.Equal([4, 5, 6], model.Resolve(path).Labels!.Value);
        var part = model.Resolve(new ProbeOptions { Data = [path], Samples = 2 });
        Assert.Equal([4, 5], part.Labels!.Value);
        Assert.Equal(2, part.Samples);
        var train = model.Resolve(new ProbeOptions { Data = [folder.Root], Split = DataSplit.Train });
        Assert.Equal([4, 5, 6], train.Labels!.Value);
        Assert.Throws<UsageException>(() => model.Resolve(folder.Root));
    }

    [Fact]
    public void cifar_batches_bring_their_labels()
    {
        var path = folder.Write("data_batch_1.bin", [.. Bytes.CifarRecord(3, _ => 1), .. Bytes.CifarRecord(8, _ => 2)]);
        var model = new ProbedModel(folder).Input("x", [null, 3, 32, 32]);
        Assert.Equal([3, 8], model.Resolve(path).Labels!.Value);
        Assert.Equal([3, 8], model.Resolve(new ProbeOptions { Data = [folder.Root], Split = DataSplit.Train }).Labels!.Value);
    }

    [Theory]
    [InlineData("x", "y")]
    [InlineData("x_test", "y_test")]
    [InlineData("input", "labels")]
    [InlineData("anything", "y")]
    public void an_archive_holds_samples_and_labels(string samples, string labels)
    {
        var path = folder.Write("x.npz", Bytes.Npz(
            ($"{samples}.npy", Bytes.Npy("<f4", "(2, 1)", Bytes.Floats(1, 2))),
                ($"{labels}.npy", Bytes.Npy("<i8", "(2,)", [.. BitConverter.GetBytes(3L), .. BitConverter.GetBytes(4L)]))));
        var probe = new ProbedModel(folder).Input("input", [null, 1]).Resolve(path);
        Assert.Equal([1, 2], Floats(probe.Inputs[0]));
        Assert.Equal([3, 4], probe.Labels!.Value);
        Assert.Equal("x.npz", probe.Provenance.Name);
    }

    [Fact]
    public void an_archive_may_hold_an_array_for_each_input_even_one_called_y()
    {
        var path = folder.Write("x.npz", Bytes.Npz(
            ("y.npy", Bytes.Npy("<f4", "(2, 1)", Bytes.Floats(3, 4))),
                ("x.npy", Bytes.Npy("<f4", "(2, 1)", Bytes.Floats(1, 2)))));
        var probe = new ProbedModel(folder).Input("x", [null, 1]).Input("y", [null, 1]).Resolve(path);
        Assert.Equal(["x", "y"], probe.Inputs.Select(input => input.Name));
        Assert.Equal([3, 4], Floats(probe.Inputs[1]));
        Assert.Null(probe.Labels);
    }

    [Fact]
    public void each_input_is_fed_by_name()
    {
        var one = folder.Write("one.npy", Bytes.Npy("<f4", "(2, 1)", Bytes.Floats(1, 2)));
        var two = folder.Write("two.npy", Bytes.Npy("<f4", "(2, 1)", Bytes.Floats(3, 4)));
        var model = new ProbedModel(folder).Input("a", [null, 1]).Input("b", [null, 1]);
        var probe = model.Resolve($"b={two}", $"a={one}");
        Assert.Equal([1, 2], Floats(probe.Inputs[0]));
        Assert.Equal([3, 4], Floats(probe.Inputs[1]));
        Assert.Equal([3, 4], Floats(model.Resolve(one, $"b={two}").Inputs[1]));
        Assert.Equal([3, 4], Floats(model.Resolve(new ProbeOptions { Data = [two, $"a={one}"], Input = "b" }).Inputs[1]));

        Assert.Equal(
            $"{one}: model.onnx has inputs a, b; give --input NAME, or --data NAME=PATH for each",
            Assert.Throws<UserException>(() => model.Resolve(one)).Message);
        Assert.Equal(
            "model.onnx: input 'b' has no samples; give --data b=PATH as well",
            Assert.Throws<UserException>(() => model.Resolve($"a={one}")).Message);
        Assert.Equal(
            $"--data c={one}: model.onnx has no input 'c'; it has a, b",
            Assert.Throws<UsageException>(() => model.Resolve($"c={one}")).Message);
        Assert.Equal(
            "--input c: model.onnx has no such input; it has a, b",
            Assert.Throws<UsageException>(() => model.Resolve(new ProbeOptions { Data = [one], Input = "c" })).Message);
    }

    [Fact]
    public void inputs_have_equally_many_samples_but_one_without_batch_axis_may_have_one_value()
    {
        var two = folder.Write("two.npy", Bytes.Npy("<f4", "(2, 1)", Bytes.Floats(1, 2)));
        var three = folder.Write("three.npy", Bytes.Npy("<f4", "(3, 1)", Bytes.Floats(1, 2, 3)));
        var model = new ProbedModel(folder).Input("a", [null, 1]).Input("b", [null, 1]);
        Assert.Equal(
            $"{three}: has 3 samples, but {two} has 2; give the same number for each input",
            Assert.Throws<UserException>(() => model.Resolve($"a={two}", $"b={three}")).Message);

        var shared = new ProbedModel(folder)
            .Input("a", [null, 1])
            .Input("state", [3, 1], batchAxis: -1)
            .Resolve($"a={two}", $"state={three}");
        Assert.Equal(2, shared.Samples);
        Assert.Equal([1, 2, 3, 1, 2, 3], Floats(shared.Inputs[1]));
    }

    [Fact]
    public void a_test_data_set_feeds_the_inputs_in_order_or_by_name()
    {
        folder.Write("set/input_0.pb", TensorValues.FromFloats("", [1, 2], [1, 2]).ToByteArray());
        folder.Write("set/input_1.pb", TensorValues.FromFloats("", [1, 1], [3]).ToByteArray());
        folder.Write("set/output_0.pb", TensorValues.FromFloats("", [1, 1], [9]).ToByteArray());
        var model = new ProbedModel(folder).Input("a", [1, 2]).Input("b", [1, 1]);
        var probe = model.Resolve(folder.Path("set"));
        Assert.Equal([1, 2], Floats(probe.Inputs[0]));
        Assert.Equal([3], Floats(probe.Inputs[1]));

        folder.Write("set/input_0.pb", TensorValues.FromFloats("b", [1, 1], [3]).ToByteArray());
        folder.Write("set/input_1.pb", TensorValues.FromFloats("a", [1, 2], [1, 2]).ToByteArray());
        Assert.Equal([1, 2], Floats(model.Resolve(folder.Path("set")).Inputs[0]));

        folder.Write("set/input_2.pb", TensorValues.FromFloats("", [1, 1], [3]).ToByteArray());
        Assert.Equal(
            $"{folder.Path("set")}: holds 3 tensors, but model.onnx has inputs a, b; give one for each",
            Assert.Throws<UserException>(() => model.Resolve(folder.Path("set"))).Message);
    }

    [Fact]
    public void labels_may_come_from_a_file_and_must_be_as_many_as_the_samples()
    {
        var path = folder.Write("x.npy", Bytes.Npy("<f4", "(2, 1)", Bytes.Floats(1, 2)));
        var model = new ProbedModel(folder).Input("x", [null, 1]);
        var two = folder.Write("two.csv", "7\n8\n"u8.ToArray());
        Assert.Equal([7, 8], model.Resolve(new ProbeOptions { Data = [path], Labels = two }).Labels!.Value);
        Assert.Equal([7], model.Resolve(new ProbeOptions { Data = [path], Labels = two, Samples = 1 }).Labels!.Value);
        var three = folder.Write("three.csv", "7\n8\n9\n"u8.ToArray());
        foreach (var samples in new int?[] { null, 1024 })
        {
            Assert.Equal(
                $"{three}: has 3 labels for 2 samples; give a label for each sample",
                Assert.Throws<UserException>(() =>
                    model.Resolve(new ProbeOptions { Data = [path], Labels = three, Samples = samples })).Message);
        }
    }

    [Fact]
    public void an_input_that_declares_no_shape_takes_samples_as_they_are()
    {
        var path = folder.Write("x.npy", Bytes.Npy("<f4", "(2, 3)", Bytes.Floats(1, 2, 3, 4, 5, 6)));
        var probe = new ProbedModel(folder).Shapeless("x").Resolve(path);
        Assert.Equal(2, probe.Samples);
        Assert.Equal([1, 3], probe.Inputs[0].SampleShape);
        Assert.Throws<UserException>(() => new ProbedModel(folder).Shapeless("x").Resolve());
    }

    [Fact]
    public void wrong_data_is_wrong_usage_or_named()
    {
        var model = new ProbedModel(folder).Input("x", [null, 1]);
        Assert.Equal(
            "--data nothing: no such file, folder or data set; data sets are digits, mnist, fashion-mnist, cifar10, random",
            Assert.Throws<UsageException>(() => model.Resolve("nothing")).Message);
        var text = folder.Write("x.txt", "hello"u8.ToArray());
        Assert.Equal(
            $"{text}: is of no known format; give .npy, .npz, idx, CIFAR-10 .bin, ONNX TensorProto .pb, PNG or JPEG",
            Assert.Throws<UserException>(() => model.Resolve(text)).Message);
        var labels = folder.Write("y", Bytes.Idx(0x08, [2], [1, 2]));
        Assert.Equal($"{labels}: holds labels, not samples; give the file of images",
            Assert.Throws<UserException>(() => model.Resolve(labels)).Message);
        Assert.Throws<UserException>(() => new ProbedModel(folder).Resolve("digits"));
    }
}
