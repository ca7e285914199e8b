namespace Emergence.Analyzer.Cli;

/// <summary>What help ends with.</summary>
internal static class Examples
{
    public const string Text = """
        Examples:
          emergence-analyze ckpt_*.onnx
              a series; the samples are those the checkpoints record
          emergence-analyze runs/mlp --data mnist --data-dir data --samples all --out results
              all checkpoints of a directory on the whole MNIST test set; writes series.csv, layers.csv, results.json
          emergence-analyze model.onnx --data images.npy --labels labels.npy --scale 0.00392157 --mean 0.5 --std 0.5
              any ONNX classifier on samples of your own, scaled to [-1, 1]
          emergence-analyze ckpt_*.onnx --threshold 0,0.01,0.05,0.1 --format csv
              the same checkpoints under four thresholds, from one run, as CSV
          emergence-analyze runs/mlp --fail-on 'alive_share < 0.6' --fail-on 'verdict == collapsing' --format junit=gates.xml
              a step of a pipeline: exit code 3 if one of them holds; docs/gates.md lists the values
          emergence-analyze compare before.onnx after.onnx
              two models side by side, or two directories, or two results.json

        Exit codes:
          0  done
          1  could not be done
          2  wrong usage, a path or pattern that matches nothing included
          3  done, and a condition of --fail-on holds
          4  done in part: some checkpoints failed, each named; the rest is written
          130  canceled


        """;
}
