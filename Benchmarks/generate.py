#!/usr/bin/env python3
"""Writes manifests of Secrets or ConfigMaps with contents that no compressor shrinks much: one JSON file an object.

usage: generate.py DIRECTORY --kind Secret|ConfigMap --prefix NAME --namespaces FIRST:END --objects N --bytes N
"""
import argparse
import base64
import json
import os
import random


def document(kind, namespace, name, text):
    metadata = {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/part-of": "benchmark"}}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": {"content": text}}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory")
    parser.add_argument("--kind", choices=["Secret", "ConfigMap"], required=True)
    parser.add_argument("--prefix", required=True, help="namespaces are PREFIX-000, PREFIX-001, ...")
    parser.add_argument("--namespaces", required=True, help="the first one's number, and the one after the last")
    parser.add_argument("--objects", type=int, required=True, help="objects a namespace")
    parser.add_argument("--bytes", type=int, required=True, help="bytes of base64 an object")
    options = parser.parse_args()
    first, end = map(int, options.namespaces.split(":"))
    for number in range(first, end):
        # Its own seed for each namespace: the same contents in each run, and no two alike.
        source = random.Random(number)
        namespace = f"{options.prefix}-{number:03}"
        folder = os.path.join(options.directory, namespace)
        os.makedirs(folder)
        with open(os.path.join(folder, "namespace.json"), "w") as file:
            json.dump({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}, file)
        for index in range(options.objects):
            name = f"object-{index:05}"
            text = base64.b64encode(source.randbytes(options.bytes * 3 // 4)).decode()
            with open(os.path.join(folder, name + ".json"), "w") as file:
                json.dump(document(options.kind, namespace, name, text), file)


main()
