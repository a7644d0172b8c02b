"""Holds the emulator of Azure against Microsoft's SDK, and the objects of godwit's store beside it.

usage: prove-azure.py [PREFIX]     with PREFIX: PREFIX/ours-small and -large were written by godwit; PREFIX/theirs is
                                   written for it, and the names below PREFIX are printed
The environment is that of scripts/testbed env.
"""

import datetime
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
import uuid

from azure.core.exceptions import (ClientAuthenticationError, HttpResponseError, ResourceExistsError,
                                   ResourceNotFoundError)
from azure.storage.blob import (BlobBlock, BlobSasPermissions, BlobServiceClient, ContainerSasPermissions,
                                ImmutabilityPolicy, ResourceTypes, AccountSasPermissions, generate_account_sas,
                                generate_blob_sas, generate_container_sas)


def value(name):
    return os.environ[f"GODWIT_TEST_AZURE_{name}"]


def pattern(count):
    return bytes((i >> 8 ^ i) & 255 for i in range(count))


def fails(kind, code, function):
    try:
        function()
    except kind as error:
        assert code in (getattr(error, "error_code", None) or str(error)), error
    else:
        raise AssertionError(f"{code} was expected")


def fetch(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read()


def soon(seconds=600):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)


def token(client):
    """What a request carries with a token of the emulator's. The SDK's own policy sends tokens over TLS alone."""
    form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": client,
                                   "client_secret": value("CLIENT_SECRET"),
                                   "scope": "https://storage.azure.com/.default"}).encode()
    address = f"{value('AUTHORITY')}/{value('TENANT')}/oauth2/v2.0/token"
    answer = json.loads(fetch(urllib.request.Request(address, form)))
    return {"headers": {"Authorization": f"Bearer {answer['access_token']}"}}


def objects(container, prefix):
    data = pattern(9 << 20)
    blob = container.get_blob_client(f"{prefix}/ä b+c/large")
    blob.upload_blob(data, max_concurrency=4, length=len(data), validate_content=True)
    assert blob.download_blob(validate_content=True).readall() == data
    assert blob.download_blob(offset=1000, length=77).readall() == data[1000:1077]
    fails(HttpResponseError, "InvalidRange", lambda: blob.download_blob(offset=len(data), length=5).readall())
    fails(ResourceExistsError, "BlobAlreadyExists", lambda: blob.upload_blob(b"x", overwrite=False))
    blob.upload_blob(b"new", overwrite=True, metadata={"a": "b"})
    properties = blob.get_blob_properties()
    assert properties.size == 3 and properties.metadata == {"a": "b"}
    blob.create_snapshot()
    fails(HttpResponseError, "SnapshotsPresent", blob.delete_blob)
    blob.delete_blob(delete_snapshots="include")
    fails(ResourceNotFoundError, "BlobNotFound", blob.download_blob)


def blocks(container, prefix):
    blob = container.get_blob_client(f"{prefix}/blocks")
    blob.stage_block("0001", b"one")
    fails(HttpResponseError, "InvalidBlobOrBlock", lambda: blob.stage_block("02", b"two"))
    fails(HttpResponseError, "InvalidBlockList", lambda: blob.commit_block_list([BlobBlock("0009")]))
    assert [b.name for b in container.list_blobs(prefix, include=["uncommittedblobs"])] == [f"{prefix}/blocks"]
    assert not list(container.list_blobs(prefix))
    blob.commit_block_list([BlobBlock("0001")])
    assert blob.download_blob().readall() == b"one"
    blob.delete_blob()


def lists(container, prefix):
    names = [f"{prefix}/{n}" for n in ("a", "b/1", "b/2", "c-d", "é")]
    for name in names:
        container.upload_blob(name, b"x")
    assert [b.name for b in container.list_blobs(prefix, results_per_page=2)] == names
    # The SDK gives a page's prefixes first.
    found = sorted(b.name for b in container.walk_blobs(prefix + "/", delimiter="/"))
    assert found == [f"{prefix}/{n}" for n in ("a", "b/", "c-d", "é")], found
    for name in names:
        container.delete_blob(name)


def signatures(container, prefix, anonymous):
    name, key = f"{prefix}/signed ü", value("KEY")
    container.upload_blob(name, b"signed")
    blob = container.get_blob_client(name)
    common = dict(account_name=value("ACCOUNT"), container_name=container.container_name, blob_name=name,
                  permission=BlobSasPermissions(read=True))
    sas = generate_blob_sas(account_key=key, expiry=soon(), **common)
    assert fetch(f"{blob.url}?{sas}") == b"signed"
    delegation = anonymous.get_user_delegation_key(soon(-60), soon(3600), **token(value("CLIENT")))
    sas = generate_blob_sas(user_delegation_key=delegation, expiry=soon(), **common)
    assert fetch(f"{blob.url}?{sas}") == b"signed"
    for bad in (sas.replace("sp=r", "sp=rw"), generate_blob_sas(account_key=key, expiry=soon(-60), **common)):
        try:
            fetch(f"{blob.url}?{bad}")
            raise AssertionError("a bad signature is taken")
        except urllib.error.HTTPError as error:
            assert error.code == 403
    for sas in (generate_container_sas(value("ACCOUNT"), container.container_name, key, expiry=soon(),
                                       permission=ContainerSasPermissions(read=True, list=True)),
                generate_account_sas(value("ACCOUNT"), key, ResourceTypes(container=True, object=True),
                                     AccountSasPermissions(read=True, list=True), soon())):
        guest = BlobServiceClient(value("ENDPOINT"), sas).get_container_client(container.container_name)
        assert guest.download_blob(name).readall() == b"signed"
        assert name in [b.name for b in guest.list_blobs(prefix)]
        fails(HttpResponseError, "AuthorizationPermissionMismatch", lambda: guest.delete_blob(name))
    container.delete_blob(name)


def refusals(service, anonymous):
    name = value("CONTAINER")
    wrong = BlobServiceClient(value("ENDPOINT"), {"account_name": value("ACCOUNT"), "account_key": "d3Jvbmc="})
    fails(ClientAuthenticationError, "AuthenticationFailed", lambda: list(wrong.get_container_client(name).list_blobs()))
    fails(ResourceNotFoundError, "ContainerNotFound", lambda: list(service.get_container_client("nowhere").list_blobs()))
    guest, reader = anonymous.get_container_client(name), token(value("CLIENT_READER"))
    fails(ClientAuthenticationError, "NoAuthenticationInformation", lambda: list(guest.list_blobs("none")))
    list(guest.list_blobs("none", **reader))
    fails(HttpResponseError, "AuthorizationPermissionMismatch", lambda: guest.upload_blob("x", b"", **reader))
    fails(HttpResponseError, "AuthorizationPermissionMismatch",
          lambda: anonymous.get_user_delegation_key(soon(), soon(60), **reader))


def locks(service, prefix):
    container = service.get_container_client(value("LOCK_CONTAINER"))
    blob = container.get_blob_client(f"{prefix}/locked")
    blob.upload_blob(b"x", immutability_policy=ImmutabilityPolicy(expiry_time=soon(2), policy_mode="Unlocked"))
    fails(HttpResponseError, "BlobImmutableDueToPolicy", blob.delete_blob)
    fails(HttpResponseError, "BlobImmutableDueToPolicy", lambda: blob.upload_blob(b"y", overwrite=True))


def exchange(container, prefix):
    for name, size in (("small", 5), ("large", 11 << 20)):
        assert container.download_blob(f"{prefix}/ours-{name}", validate_content=True).readall() == pattern(size)
    large = container.get_blob_client(f"{prefix}/ours-large").get_blob_properties()
    assert large.content_settings.content_md5 is not None
    data = pattern(10 << 20)
    container.upload_blob(f"{prefix}/theirs", data, max_concurrency=3, length=len(data))
    print("\n".join(b.name for b in container.list_blobs(prefix + "/")))


def main():
    small = dict(max_block_size=1 << 20, max_single_put_size=1 << 20, retry_total=0)
    key = {"account_name": value("ACCOUNT"), "account_key": value("KEY")}
    service = BlobServiceClient(value("ENDPOINT"), key, **small)
    container = service.get_container_client(value("CONTAINER"))
    if len(sys.argv) > 1:
        return exchange(container, sys.argv[1])
    anonymous = BlobServiceClient(value("ENDPOINT"), retry_total=0)
    prefix = f"sdk-{uuid.uuid4()}"
    objects(container, prefix)
    blocks(container, prefix)
    lists(container, prefix)
    signatures(container, prefix, anonymous)
    refusals(service, anonymous)
    locks(service, prefix)
    print("the emulator of Azure and Microsoft's SDK agree")


if __name__ == "__main__":
    main()
