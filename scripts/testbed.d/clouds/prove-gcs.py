"""Holds the emulator of Google Cloud Storage against Google's SDK, and the objects of godwit's store beside it.

usage: prove-gcs.py [PREFIX]     as prove-azure.py
"""

import datetime
import os
import sys
import urllib.error
import urllib.request
import uuid

from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import Forbidden, NotFound, PreconditionFailed, RequestRangeNotSatisfiable
from google.auth import identity_pool
from google.cloud import storage
from google.oauth2 import service_account


def value(name):
    return os.environ[f"GODWIT_TEST_GCS_{name}"]


def pattern(count):
    return bytes((i >> 8 ^ i) & 255 for i in range(count))


def fails(kind, function):
    try:
        function()
    except kind:
        return
    raise AssertionError(f"{kind.__name__} was expected")


def client(name):
    # Not by google.auth, which asks Google for the project.
    kind = identity_pool.Credentials if name.startswith("external") else service_account.Credentials
    load = kind.from_file if kind is identity_pool.Credentials else kind.from_service_account_file
    credentials = load(f"{value('CREDENTIALS')}/{name}.json", scopes=["https://www.googleapis.com/auth/cloud-platform"])
    return storage.Client(project="godwit", credentials=credentials,
                          client_options=ClientOptions(api_endpoint=value("ENDPOINT")))


def objects(bucket, prefix):
    data = pattern(9 << 20)
    blob = bucket.blob(f"{prefix}/ä b+c/large", chunk_size=1 << 20)
    blob.upload_from_string(data, checksum="crc32c", retry=None)
    assert blob.download_as_bytes(checksum="crc32c") == data
    plain = bucket.blob(blob.name)
    assert plain.download_as_bytes(start=1000, end=1076) == data[1000:1077]
    fails(RequestRangeNotSatisfiable, lambda: plain.download_as_bytes(start=len(data)))
    fails(PreconditionFailed, lambda: plain.upload_from_string(b"x", if_generation_match=0, retry=None))
    old = bucket.get_blob(blob.name).generation
    plain.upload_from_string(b"new", checksum="crc32c")
    assert bucket.get_blob(blob.name).generation != old and bucket.get_blob(blob.name).size == 3
    fails(PreconditionFailed, lambda: plain.delete(if_generation_match=old))
    plain.delete()
    fails(NotFound, plain.download_as_bytes)


def lists(bucket, prefix):
    names = [f"{prefix}/{n}" for n in ("a", "b/1", "b/2", "c-d", "é")]
    for name in names:
        bucket.blob(name).upload_from_string(b"x")
    assert [b.name for b in bucket.list_blobs(prefix=prefix, page_size=2)] == names
    found = bucket.list_blobs(prefix=prefix + "/", delimiter="/")
    assert [b.name for b in found] == [f"{prefix}/{n}" for n in ("a", "c-d", "é")]
    assert found.prefixes == {f"{prefix}/b/"}
    bucket.delete_blobs([bucket.blob(name) for name in names])


def signatures(bucket, prefix):
    blob = bucket.blob(f"{prefix}/signed ü")
    blob.upload_from_string(b"signed")
    url = blob.generate_signed_url(version="v4", expiration=datetime.timedelta(minutes=10),
                                   api_access_endpoint=value("ENDPOINT"))
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"signed"
    try:
        urllib.request.urlopen(url.replace("signed", "signee", 1))
        raise AssertionError("a bad signature is taken")
    except urllib.error.HTTPError as error:
        assert error.code == 403
    blob.delete()


def refusals(prefix):
    name = value("BUCKET")
    fails(NotFound, lambda: list(client("admin").list_blobs("nowhere-at-all")))
    fails(Forbidden, lambda: list(client("nobody").list_blobs(name)))
    fails(Forbidden, lambda: client("reader").bucket(name).blob(f"{prefix}/x").upload_from_string(b""))
    # Its credentials of a user ask oauth2.googleapis.com whatever their file says.
    for kind in ("external-file",):
        list(client(kind).list_blobs(name, prefix="none"))


def locks(prefix):
    blob = client("admin").bucket(value("LOCK_BUCKET")).blob(f"{prefix}/held")
    blob.upload_from_string(b"x")
    blob.temporary_hold = True
    blob.patch()
    fails(Forbidden, blob.delete)
    blob.temporary_hold = False
    blob.patch()
    blob.delete()


def exchange(bucket, prefix):
    for name, size in (("small", 5), ("large", 11 << 20)):
        assert bucket.blob(f"{prefix}/ours-{name}").download_as_bytes(checksum="crc32c") == pattern(size)
    bucket.blob(f"{prefix}/theirs", chunk_size=1 << 20).upload_from_string(pattern(10 << 20))
    print("\n".join(b.name for b in bucket.list_blobs(prefix=prefix + "/")))


def main():
    bucket = client("admin").bucket(value("BUCKET"))
    if len(sys.argv) > 1:
        return exchange(bucket, sys.argv[1])
    prefix = f"sdk-{uuid.uuid4()}"
    objects(bucket, prefix)
    lists(bucket, prefix)
    signatures(bucket, prefix)
    refusals(prefix)
    locks(prefix)
    print("the emulator of Google Cloud Storage and Google's SDK agree")


if __name__ == "__main__":
    main()
