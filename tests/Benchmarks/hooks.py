"""What a researcher would write: the networks of a series in PyTorch, and a forward hook on each activation function.

Arguments: folder of the MNIST files, samples, batch, .onnx files. Prints for each file how many nodes of each layer have a mean
activation above 0.05, and at the end the processor time without the imports.
"""
import gzip
import os
import sys
import time

import numpy
import onnx
import torch
from onnx import numpy_helper

torch.set_num_threads(1)
imported = time.process_time()


def images(folder, samples):
    path = os.path.join(folder, "t10k-images-idx3-ubyte")
    opened = open(path, "rb") if os.path.exists(path) else gzip.open(path + ".gz", "rb")
    with opened as file:
        file.seek(16)
        raw = numpy.frombuffer(file.read(samples * 784), numpy.uint8)
    return torch.from_numpy(raw.astype(numpy.float32)).reshape(-1, 1, 28, 28)


def network(path):
    """The layers of a chain of Flatten, Gemm, Conv, MaxPool and Relu."""
    graph = onnx.load(path).graph
    stored = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer}
    layers = []
    for node in graph.node:
        set_to = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
        if node.op_type == "Gemm":
            weight, bias = stored[node.input[1]], stored[node.input[2]]
            layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
        elif node.op_type == "Conv":
            weight, bias = stored[node.input[1]], stored[node.input[2]]
            layer = torch.nn.Conv2d(
                weight.shape[1], weight.shape[0], tuple(weight.shape[2:]), tuple(set_to["strides"]), tuple(set_to["pads"][:2]))
        elif node.op_type == "MaxPool":
            layer = torch.nn.MaxPool2d(tuple(set_to["kernel_shape"]), tuple(set_to["strides"]), tuple(set_to["pads"][:2]))
        else:
            layer = {"Flatten": torch.nn.Flatten, "Relu": torch.nn.ReLU}[node.op_type]()
        if node.op_type in ("Gemm", "Conv"):
            layer.weight.data, layer.bias.data = weight, bias
        layers.append(layer)
    return torch.nn.Sequential(*layers).eval()


def alive(path, samples, batch):
    model, sums = network(path), {}

    def count(module, _, output):
        total = output.sum(0, dtype=torch.float64)
        sums[module] = sums[module] + total if module in sums else total

    for module in model:
        if isinstance(module, torch.nn.ReLU) or module is model[-1]:
            module.register_forward_hook(count)
    for start in range(0, len(samples), batch):
        model(samples[start:start + batch])
    return [int((total / len(samples) > 0.05).sum()) for total in sums.values()]


with torch.no_grad():
    probe = images(sys.argv[1], int(sys.argv[2]))
    for name in sys.argv[4:]:
        print(*alive(name, probe, int(sys.argv[3])))
print(time.process_time() - imported)
