"""What emergence-train does, in PyTorch: an MLP of 128 and 64 hidden nodes on MNIST, plain SGD, batches of 64.

Arguments: folder of the MNIST files, epochs. Each epoch passes over all training samples in a new order, keeps the running loss
and accuracy, and measures both on the test samples.
"""
import gzip
import os
import sys

import numpy
import torch

torch.set_num_threads(1)
torch.manual_seed(0)


def read(folder, name, header):
    path = os.path.join(folder, name)
    opened = open(path, "rb") if os.path.exists(path) else gzip.open(path + ".gz", "rb")
    with opened as file:
        return numpy.frombuffer(file.read(), numpy.uint8)[header:]


def split(folder, stem):
    images = torch.from_numpy(read(folder, stem + "-images-idx3-ubyte", 16).astype(numpy.float32)).reshape(-1, 784)
    labels = torch.from_numpy(read(folder, stem + "-labels-idx1-ubyte", 8).astype(numpy.int64))
    return (images / 255 - 0.5) / 0.5, labels


def score(logits, labels):
    return (logits.argmax(1) == labels).sum().item()


inputs, labels = split(sys.argv[1], "train")
test_inputs, test_labels = split(sys.argv[1], "t10k")
model = torch.nn.Sequential(
    torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.005)
for epoch in range(int(sys.argv[2])):
    order = torch.randperm(len(inputs))
    loss_sum, correct = 0.0, 0
    for start in range(0, len(inputs), 64):
        batch = order[start:start + 64]
        targets = labels.index_select(0, batch)
        logits = model(inputs.index_select(0, batch))
        loss = torch.nn.functional.cross_entropy(logits, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(batch)
        correct += score(logits, targets)
    with torch.no_grad():
        found = sum(score(model(test_inputs[at:at + 1000]), test_labels[at:at + 1000]) for at in range(0, len(test_inputs), 1000))
    print(epoch + 1, loss_sum / len(inputs), correct / len(inputs), found / len(test_inputs))
