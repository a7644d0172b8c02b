#!/usr/bin/env python3
"""Makes trees of files for the volume rows, the same for the same arguments.

  tree.py mixed DIR BYTES     an application's volume: many small texts, some logs, a few large files of records
  tree.py small DIR FILES     small files of some hundred bytes, a thousand a directory
  tree.py packed DIR BYTES    files of bytes that cannot be compressed
  tree.py change DIR PERCENT  rewrites a part of some percent of the files, and appends to others
"""
import os
import random
import sys

WORDS = [
    "order", "item", "customer", "status", "shipped", "pending", "warning", "info", "connection", "accepted", "from",
    "timeout", "retry", "volume", "mounted", "session", "closed", "user", "address", "payment", "amount", "currency",
]


def text(source, size):
    """Lines as logs and exports have them: words, numbers, and a part that does not repeat."""
    lines = []
    length = 0
    while length < size:
        line = "2026-%02d-%02dT%02d:%02d:%02d %s\n" % (
            source.randint(1, 12), source.randint(1, 28), source.randint(0, 23), source.randint(0, 59),
            source.randint(0, 59),
            " ".join("%s=%x" % (source.choice(WORDS), source.getrandbits(28)) for _ in range(5)))
        lines.append(line)
        length += len(line)
    return "".join(lines)[:size].encode()


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def mixed(root, size):
    source = random.Random(1)
    block = text(source, 4 << 20)

    def piece(length):
        # A stretch of one text, with new bytes strewn in, so that no two files share much.
        start = source.randrange(max(1, len(block) - length))
        content = bytearray(block[start:start + length])
        for position in range(source.randrange(200), len(content) - 8, 200):
            content[position:position + 8] = source.randbytes(8)
        return bytes(content)

    written = number = 0
    while written < size * 0.4:
        length = min(int(source.lognormvariate(9, 1.2)) + 1, 200_000)
        write("%s/www/%03d/%03d/page-%d.html" % (root, number % 97, number % 31, number), piece(length))
        written += length
        number += 1
    number = 0
    while written < size:
        length = int(source.uniform(8, 48)) << 20
        with_parts = [piece(1 << 20) for _ in range(length >> 20)]
        write("%s/data/table-%d.db" % (root, number), b"".join(with_parts))
        written += length
        number += 1


def small(root, count):
    source = random.Random(2)
    for number in range(count):
        if number % 1000 == 0:
            directory = "%s/%03d/%03d" % (root, number // 100_000, number // 1000 % 100)
            os.makedirs(directory)
        with open("%s/f%d" % (directory, number), "wb") as file:
            file.write(b"%d %x %s\n" % (number, source.getrandbits(256), b"message " * source.randrange(40)))


def packed(root, size):
    source = random.Random(3)
    for number in range(size // (16 << 20)):
        write("%s/archive-%d.bin" % (root, number), source.randbytes(16 << 20))


def change(root, percent):
    source = random.Random(4)
    paths = sorted(os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names)
    for path in source.sample(paths, max(1, len(paths) * percent // 100)):
        with open(path, "r+b") as file:
            file.seek(source.randrange(max(1, os.path.getsize(path))))
            file.write(source.randbytes(100))


if __name__ == "__main__":
    kind, directory, amount = sys.argv[1:]
    {"mixed": mixed, "small": small, "packed": packed, "change": change}[kind](directory, int(amount))
