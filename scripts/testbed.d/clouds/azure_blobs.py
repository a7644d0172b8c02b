"""Azure Blob Storage and what gives tokens for it, in memory, for the tests.

Strict where it matters: every request must be authorized (Shared Key, SAS, or a token that this server has issued to who
proved himself), checksums and conditions are verified, and what Azure refuses is refused with Azure's codes. Written
after the Azure Storage REST API reference; scripts/testbed.d/clouds/prove-azure.py holds it against Microsoft's SDK.

usage: azure_blobs.py PORT DIRECTORY     writes DIRECTORY/environment, and keys and tokens beside it
"""

import asyncio
import base64
import bisect
import datetime
import hashlib
import hmac
import re
import secrets
import sys
import time
import urllib.parse
import uuid
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from xml.sax.saxutils import escape

import jwt
from aiohttp import web

from identities import Issuer, TokenServer

VERSIONS = ("2019-02-02", "2030-01-01")
STORAGE = "https://storage.azure.com"
WEEK = datetime.timedelta(days=7)


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def http_date(moment):
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")


def parse_http_date(text):
    return datetime.datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=datetime.timezone.utc)


def parse_time(text):
    for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d"):
        try:
            return datetime.datetime.strptime(text, form).replace(tzinfo=datetime.timezone.utc)
        except ValueError:
            continue
    raise Failure(403, "AuthenticationFailed", f"'{text}' is no time")


def md5(data):
    return base64.b64encode(hashlib.md5(data).digest()).decode()


def sign(key, text):
    return base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()


class Failure(Exception):
    def __init__(self, status, code, message="", **headers):
        super().__init__(code)
        self.status, self.code, self.message, self.headers = status, code, message, headers


class Blob:
    def __init__(self, data, headers, metadata):
        self.data, self.metadata = data, metadata
        self.content_type = headers.get("x-ms-blob-content-type") or "application/octet-stream"
        self.md5 = headers.get("x-ms-blob-content-md5")
        self.tier = headers.get("x-ms-access-tier", "Hot")
        self.modified, self.etag = now(), '"0x' + secrets.token_hex(8).upper() + '"'
        self.until, self.mode, self.hold = None, None, False
        self.snapshots = []

    @property
    def is_locked(self):
        return self.hold or (self.until is not None and self.until > now())


class Container:
    def __init__(self, immutable=False):
        self.immutable = immutable
        self.blobs, self.names, self.staged, self.deleted = {}, [], {}, {}

    def put(self, name, blob):
        if name not in self.blobs:
            bisect.insort(self.names, name.encode())
        self.blobs[name] = blob
        self.staged.pop(name, None)

    def remove(self, name):
        # Soft delete: kept aside, in no listing, not read by anything here.
        self.deleted.setdefault(name, []).append(self.blobs.pop(name))
        del self.names[bisect.bisect_left(self.names, name.encode())]


class Principal:
    """Who asks, and what he may do: of r (read), w (write), c (create), d (delete), l (list), a (the account)."""

    def __init__(self, permissions, claims=None):
        self.permissions, self.claims = set(permissions), claims

    def require(self, permission):
        if permission not in self.permissions:
            raise Failure(403, "AuthorizationPermissionMismatch",
                          "This request is not authorized to perform this operation using this permission.")


class Azure:
    def __init__(self, port, directory):
        self.account = "godwittest"
        self.key = secrets.token_bytes(64)
        self.containers = {"godwit-test": Container(), "godwit-test-lock": Container(immutable=True)}
        self.delegations = {}
        self.base = f"http://127.0.0.1:{port}"
        self.tokens = AzureTokens(self, directory)

    # --- requests -------------------------------------------------------------------------------------------------

    async def handle(self, request):
        self.requests = getattr(self, "requests", 0) + 1
        path, _, query = request.raw_path.partition("?")
        parameters = {k.lower(): v for k, v in urllib.parse.parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)}
        try:
            body = await request.read()
            if not path.startswith(f"/{self.account}/"):
                return await self.tokens.handle(request, path, parameters, body)
            status, headers, data = self.answer(request, path, parameters, body)
        except Failure as failure:
            text = ('<?xml version="1.0" encoding="utf-8"?><Error><Code>%s</Code><Message>%s\nRequestId:%s\nTime:%s'
                    '</Message></Error>' % (failure.code, escape(failure.message), uuid.uuid4(), now().isoformat()))
            status, data = failure.status, b"" if request.method == "HEAD" else text.encode()
            headers = {"x-ms-error-code": failure.code, "Content-Type": "application/xml", **failure.headers}
        headers = {"x-ms-request-id": str(uuid.uuid4()), "x-ms-version": "2021-12-02", "Date": http_date(now()),
                   "Server": "Windows-Azure-Blob/1.0", **headers}
        if request.method == "HEAD" and "Content-Length" in headers:
            response = web.Response(status=status, headers=headers)
            return response
        return web.Response(status=status, headers=headers, body=data)

    def answer(self, request, path, query, body):
        version = request.headers.get("x-ms-version") or query.get("sv", "")
        if not VERSIONS[0] <= version < VERSIONS[1]:
            raise Failure(400, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format.")
        _, account, container_name, *rest = path.split("/", 3)
        name = urllib.parse.unquote(rest[0], errors="strict") if rest else None
        who = self.authorize(request, path, query, container_name, name, body)
        method, headers = request.method, request.headers
        if not container_name and query.get("comp") == "userdelegationkey" and method == "POST":
            return self.delegation_key(who, body)
        container = self.containers.get(container_name)
        if container is None:
            raise Failure(404, "ContainerNotFound", "The specified container does not exist.")
        if name is None:
            if query.get("restype") != "container":
                raise Failure(400, "InvalidQueryParameterValue", "restype")
            if query.get("comp") == "list" and method == "GET":
                who.require("l")
                return self.list(container_name, container, query)
            if method in ("HEAD", "GET"):
                who.require("a")
                return 200, {"x-ms-has-immutability-policy": "false", "x-ms-has-legal-hold": "false",
                             "x-ms-immutable-storage-with-versioning-enabled": str(container.immutable).lower()}, b""
            raise Failure(400, "UnsupportedHttpVerb")
        check_name(name)
        operation = (method, query.get("comp"))
        if operation == ("PUT", None):
            return self.put_blob(who, container, name, headers, body)
        if operation == ("PUT", "block"):
            return self.put_block(who, container, name, query, headers, body)
        if operation == ("PUT", "blocklist"):
            return self.put_block_list(who, container, name, headers, body)
        if operation == ("PUT", "snapshot"):
            who.require("c")
            blob = self.find(container, name)
            blob.snapshots.append(bytes(blob.data))
            return 201, {"x-ms-snapshot": now().isoformat(), "ETag": blob.etag, "Last-Modified": http_date(blob.modified)}, b""
        if operation in (("GET", None), ("HEAD", None)):
            return self.read(who, container, name, method, headers)
        if operation == ("DELETE", None):
            return self.delete(who, container, name, headers)
        raise Failure(400, "InvalidQueryParameterValue", "comp")

    # --- authorization --------------------------------------------------------------------------------------------

    def authorize(self, request, path, query, container, name, body):
        authorization = request.headers.get("Authorization", "")
        if authorization.startswith("SharedKey "):
            return self.shared_key(request, path, query, authorization[10:], body)
        if authorization.startswith("Bearer "):
            return self.bearer(authorization[7:])
        if "sig" in query:
            return self.sas(query, container, name)
        raise Failure(401, "NoAuthenticationInformation", "Server failed to authenticate the request.",
                      **{"WWW-Authenticate": f"Bearer authorization_uri={self.base}/login resource_id={STORAGE}"})

    def shared_key(self, request, path, query, credential, body):
        account, _, signature = credential.partition(":")
        headers = request.headers
        date = parse_http_date(headers.get("x-ms-date") or headers.get("Date") or "")
        if abs(now() - date) > datetime.timedelta(minutes=15):
            raise denied("Request date header too old")
        length = headers.get("Content-Length", "")
        standard = [request.method, headers.get("Content-Encoding", ""), headers.get("Content-Language", ""),
                    "" if length == "0" else length]
        standard += [headers.get(name, "") for name in (
            "Content-MD5", "Content-Type", "Date", "If-Modified-Since", "If-Match", "If-None-Match",
            "If-Unmodified-Since", "Range")]
        if "x-ms-date" in headers:
            standard[6] = ""
        extensions = sorted((k.lower(), v) for k, v in headers.items() if k.lower().startswith("x-ms-"))
        text = "\n".join(standard) + "\n" + "".join(f"{k}:{v}\n" for k, v in extensions)
        text += f"/{self.account}{path}" + "".join(f"\n{k}:{v}" for k, v in sorted(query.items()))
        if account != self.account or not hmac.compare_digest(sign(self.key, text), signature):
            raise denied("The MAC signature found in the HTTP request is not the same as any computed signature.")
        return Principal("rwcdla")

    def bearer(self, token):
        claims = self.tokens.claims(token, STORAGE)
        if claims is None:
            raise Failure(401, "InvalidAuthenticationInfo", "Server failed to authenticate the request. Lifetime "
                          "validation failed. The token is expired.")
        return Principal("rl" if claims["role"] == "reader" else "rwcdlau", claims)

    def sas(self, query, container, name):
        get = lambda field: query.get(field, "")
        if get("se") and parse_time(get("se")) < now():
            raise denied("Signed expiry time has to be after signed start time: the signature has expired")
        if get("st") and parse_time(get("st")) > now():
            raise denied("Signature not valid yet")
        if "ss" in query:
            text = "\n".join([self.account] + [get(f) for f in ("sp", "ss", "srt", "st", "se", "sip", "spr", "sv")])
            text += "\n" + (get("ses") + "\n" if get("sv") >= "2020-12-06" else "")
            if not hmac.compare_digest(sign(self.key, text), get("sig")):
                raise denied("Signature did not match")
            if "b" not in get("ss") or ("o" if name else "c") not in get("srt"):
                raise Failure(403, "AuthorizationResourceTypeMismatch")
            return Principal(set(get("sp")) | {"a"})
        resource = f"/blob/{self.account}/{container}" + (f"/{name}" if get("sr") == "b" else "")
        if get("sr") not in ("b", "c") or (get("sr") == "b" and name is None):
            raise denied("The resource of the signature is another one")
        fields, key = ["sp", "st", "se"], self.key
        parts = [get(f) for f in fields] + [resource]
        if "skoid" in query:
            key = self.delegations.get((get("skoid"), get("skt"), get("ske")))
            if key is None or parse_time(get("ske")) < now():
                raise denied("The user delegation key is not known or has ended")
            parts += [get(f) for f in ("skoid", "sktid", "skt", "ske", "sks", "skv", "saoid", "suoid", "scid")]
            if get("sv") >= "2025-07-05":
                parts += [get("skdutid"), get("sduoid")]
        else:
            parts += [get("si")]
        parts += [get(f) for f in ("sip", "spr", "sv", "sr", "snapshot")]
        if get("sv") >= "2020-12-06":
            parts += [get("ses")]
        if "skoid" in query and get("sv") >= "2026-02-06":
            parts += ["", ""]
        parts += [get(f) for f in ("rscc", "rscd", "rsce", "rscl", "rsct")]
        if not hmac.compare_digest(sign(key, "\n".join(parts)), get("sig")):
            raise denied("Signature did not match")
        return Principal(set(get("sp")) - {"a"})

    def delegation_key(self, who, body):
        if "u" not in who.permissions:
            raise Failure(403, "AuthorizationPermissionMismatch",
                          "This request is not authorized to perform this operation using this permission.")
        info = ElementTree.fromstring(body)
        start, end = parse_time(info.findtext("Start")), parse_time(info.findtext("Expiry"))
        if end <= now() or end - now() > WEEK + datetime.timedelta(minutes=5):
            raise Failure(400, "InvalidXmlNodeValue", "Expiry")
        form = lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        # Who asks twice in one second must not make the first key worthless.
        key = self.delegations.setdefault((who.claims["oid"], form(start), form(end)), secrets.token_bytes(32))
        text = "".join(f"<{k}>{v}</{k}>" for k, v in (
            ("SignedOid", who.claims["oid"]), ("SignedTid", who.claims["tid"]), ("SignedStart", form(start)),
            ("SignedExpiry", form(end)), ("SignedService", "b"), ("SignedVersion", "2021-12-02"),
            ("Value", base64.b64encode(key).decode())))
        return 200, {"Content-Type": "application/xml"}, document(f"<UserDelegationKey>{text}</UserDelegationKey>")

    # --- blobs ----------------------------------------------------------------------------------------------------

    def find(self, container, name):
        blob = container.blobs.get(name)
        if blob is None:
            raise Failure(404, "BlobNotFound", "The specified blob does not exist.")
        return blob

    def check_write(self, who, container, name, headers):
        blob = container.blobs.get(name)
        if "w" not in who.permissions:
            who.require("c")
            if blob is not None:
                raise Failure(403, "UnauthorizedBlobOverwrite",
                              "This request is not authorized to perform blob overwrites.")
        if headers.get("If-None-Match") == "*" and blob is not None:
            raise Failure(409, "BlobAlreadyExists", "The specified blob already exists.")
        if "If-Match" in headers and (blob is None or headers["If-Match"] not in ("*", blob.etag)):
            raise Failure(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")
        if blob is not None and blob.is_locked:
            raise Failure(409, "BlobImmutableDueToPolicy",
                          "This operation is not permitted as the blob is immutable due to a policy.")

    def store(self, container, name, headers, data):
        metadata = {k.lower()[10:]: v for k, v in headers.items() if k.lower().startswith("x-ms-meta-")}
        for field in metadata:
            if not re.fullmatch(r"[a-z_][a-z0-9_]*", field):
                raise Failure(400, "InvalidMetadata")
        blob = Blob(data, headers, metadata)
        if blob.tier not in ("Hot", "Cool", "Cold", "Archive"):
            raise Failure(400, "InvalidHeaderValue")
        until, hold = headers.get("x-ms-immutability-policy-until-date"), headers.get("x-ms-legal-hold")
        if (until or hold) and not container.immutable:
            raise Failure(400, "InvalidHeaderValue", "Version level immutability is not enabled on the container.")
        if until:
            blob.until, blob.mode = parse_http_date(until), headers.get("x-ms-immutability-policy-mode", "unlocked")
            if blob.mode.lower() not in ("locked", "unlocked") or blob.until < now():
                raise Failure(400, "InvalidHeaderValue")
        blob.hold = hold == "true"
        old = container.blobs.get(name)
        container.put(name, blob)
        blob.snapshots = old.snapshots if old else []
        return blob

    def put_blob(self, who, container, name, headers, body):
        self.check_write(who, container, name, headers)
        if headers.get("x-ms-blob-type") != "BlockBlob":
            raise Failure(400, "MissingRequiredHeader", "x-ms-blob-type")
        check_md5(headers, body)
        blob = self.store(container, name, headers, body)
        blob.md5 = blob.md5 or md5(body)
        blob.content_type = headers.get("x-ms-blob-content-type") or headers.get("Content-Type") or blob.content_type
        return 201, self.written(blob), b""

    def put_block(self, who, container, name, query, headers, body):
        if "w" not in who.permissions:
            who.require("c")
        identifier = base64.b64decode(query.get("blockid", ""), validate=True)
        if not 0 < len(identifier) <= 64 or not body:
            raise Failure(400, "InvalidBlockId")
        check_md5(headers, body)
        staged = container.staged.setdefault(name, {})
        if any(len(base64.b64decode(other)) != len(identifier) for other in staged):
            raise Failure(400, "InvalidBlobOrBlock", "The specified blob or block content is invalid.")
        staged[query["blockid"]] = body
        return 201, {"Content-MD5": md5(body)}, b""

    def put_block_list(self, who, container, name, headers, body):
        self.check_write(who, container, name, headers)
        check_md5(headers, body)
        staged = container.staged.get(name, {})
        committed = getattr(container.blobs.get(name), "blocks", {})
        data, blocks = bytearray(), {}
        for entry in ElementTree.fromstring(body):
            place = {"Latest": (staged, committed), "Uncommitted": (staged,), "Committed": (committed,)}[entry.tag]
            block = next((p[entry.text] for p in place if entry.text in p), None)
            if block is None:
                raise Failure(400, "InvalidBlockList", "The specified block list is invalid.")
            blocks[entry.text] = block
            data += block
        blob = self.store(container, name, headers, bytes(data))
        blob.blocks = blocks
        return 201, self.written(blob), b""

    def written(self, blob):
        return {"ETag": blob.etag, "Last-Modified": http_date(blob.modified), "Content-MD5": blob.md5 or "",
                "x-ms-request-server-encrypted": "true"}

    def read(self, who, container, name, method, headers):
        who.require("r")
        blob = self.find(container, name)
        if "If-Match" in headers and headers["If-Match"] not in ("*", blob.etag):
            raise Failure(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")
        answer = {"ETag": blob.etag, "Last-Modified": http_date(blob.modified), "Content-Type": blob.content_type,
                  "Accept-Ranges": "bytes", "x-ms-blob-type": "BlockBlob", "x-ms-access-tier": blob.tier,
                  "x-ms-creation-time": http_date(blob.modified), "x-ms-server-encrypted": "true",
                  **{f"x-ms-meta-{k}": v for k, v in blob.metadata.items()}}
        if blob.until:
            answer["x-ms-immutability-policy-until-date"] = http_date(blob.until)
            answer["x-ms-immutability-policy-mode"] = blob.mode
        if blob.hold:
            answer["x-ms-legal-hold"] = "true"
        asked = headers.get("x-ms-range") or headers.get("Range")
        if not asked or method == "HEAD":
            if blob.md5:
                answer["Content-MD5"] = blob.md5
            answer["Content-Length"] = str(len(blob.data))
            return 200, answer, blob.data
        first, last = re.fullmatch(r"bytes=(\d+)-(\d*)", asked).groups()
        first, last = int(first), min(int(last) if last else len(blob.data), len(blob.data) - 1)
        if first >= len(blob.data):
            raise Failure(416, "InvalidRange", "The range specified is invalid for the current size of the resource.",
                          **{"Content-Range": f"bytes */{len(blob.data)}"})
        piece = blob.data[first:last + 1]
        if headers.get("x-ms-range-get-content-md5") == "true":
            if len(piece) > 4 << 20:
                raise Failure(400, "OutOfRangeQueryParameterValue")
            answer["Content-MD5"] = md5(piece)
        if blob.md5:
            answer["x-ms-blob-content-md5"] = blob.md5
        answer["Content-Range"] = f"bytes {first}-{last}/{len(blob.data)}"
        return 206, answer, piece

    def delete(self, who, container, name, headers):
        who.require("d")
        blob = self.find(container, name)
        if "If-Match" in headers and headers["If-Match"] not in ("*", blob.etag):
            raise Failure(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")
        if blob.is_locked:
            raise Failure(409, "BlobImmutableDueToPolicy",
                          "This operation is not permitted as the blob is immutable due to a policy.")
        if blob.snapshots and headers.get("x-ms-delete-snapshots") != "include":
            raise Failure(409, "SnapshotsPresent", "This operation is not permitted while the blob has snapshots.")
        container.remove(name)
        return 202, {"x-ms-delete-type-permanent": "false"}, b""

    def list(self, container_name, container, query):
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        limit = min(int(query.get("maxresults", "5000")), 5000)
        names = container.names
        if "uncommittedblobs" in query.get("include", ""):
            names = sorted(set(names) | {name.encode() for name in container.staged})
        marker = base64.urlsafe_b64decode(query["marker"]) if query.get("marker") else b""
        start = max(marker, prefix.encode())
        rows, count, index, following = [], 0, bisect.bisect_left(names, start), ""
        while index < len(names) and names[index].startswith(prefix.encode()):
            if count == limit:
                following = base64.urlsafe_b64encode(names[index]).decode()
                break
            name = names[index].decode()
            cut = name.find(delimiter, len(prefix)) if delimiter else -1
            if cut >= 0:
                common = name[:cut + len(delimiter)]
                rows.append(f"<BlobPrefix>{self.name(common)}</BlobPrefix>")
                index = bisect.bisect_left(names, common.encode() + b"\xff" * 8)
            else:
                rows.append(self.row(container, name))
                index += 1
            count += 1
        text = (f'<EnumerationResults ServiceEndpoint="{self.base}/{self.account}/" ContainerName="{container_name}">'
                f'<Prefix>{escape(prefix)}</Prefix><MaxResults>{limit}</MaxResults><Blobs>{"".join(rows)}</Blobs>'
                f'<NextMarker>{following}</NextMarker></EnumerationResults>')
        return 200, {"Content-Type": "application/xml"}, document(text)

    def name(self, name):
        if any(ord(c) in (0xFFFE, 0xFFFF) for c in name):
            return f'<Name Encoded="true">{urllib.parse.quote(name)}</Name>'
        return f"<Name>{escape(name)}</Name>"

    def row(self, container, name):
        blob = container.blobs.get(name)
        if blob is None:
            return (f"<Blob>{self.name(name)}<Properties><Content-Length>0</Content-Length>"
                    "<BlobType>BlockBlob</BlobType></Properties></Blob>")
        # As accounts with a hierarchical namespace list a directory.
        kind = "directory" if blob.metadata.get("hdi_isfolder") == "true" else "file"
        return (f"<Blob>{self.name(name)}<Properties><Creation-Time>{http_date(blob.modified)}</Creation-Time>"
                f"<Last-Modified>{http_date(blob.modified)}</Last-Modified><Etag>{blob.etag[1:-1]}</Etag>"
                f"<Content-Length>{len(blob.data)}</Content-Length><Content-Type>{escape(blob.content_type)}"
                f"</Content-Type><Content-MD5>{blob.md5 or ''}</Content-MD5><BlobType>BlockBlob</BlobType>"
                f"<ResourceType>{kind}</ResourceType><AccessTier>{blob.tier}</AccessTier></Properties></Blob>")


def document(text):
    return b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>' + text.encode()


def denied(detail):
    return Failure(403, "AuthenticationFailed", "Server failed to authenticate the request. Make sure the value of "
                   "Authorization header is formed correctly including the signature. " + detail)


def check_md5(headers, body):
    if "Content-MD5" in headers and headers["Content-MD5"] != md5(body):
        raise Failure(400, "Md5Mismatch", "The MD5 value specified in the request did not match with the MD5 value "
                      "calculated by the server.")


def check_name(name):
    segments = name.split("/")
    if len(name) > 1024 or len(segments) > 254 or any(s.endswith(".") for s in segments):
        raise Failure(400, "InvalidResourceName", "The specified resource name contains invalid characters.")
    if any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in name) or "\\" in name:
        raise Failure(400, "InvalidUri", "The requested URI does not represent any resource on the server.")


class AzureTokens:
    """Entra ID, the metadata service of machines, App Service's, and Resource Manager."""

    def __init__(self, azure, directory):
        self.azure, self.directory = azure, directory
        self.tenant = str(uuid.uuid4())
        self.server = TokenServer()
        self.manager = f"{azure.base}/arm"
        self.secret = secrets.token_urlsafe(30)
        self.header = secrets.token_hex(20)
        self.subscription, self.group = str(uuid.uuid4()), "godwit group"
        self.clients = {kind: str(uuid.uuid4()) for kind in (
            "secret", "reader", "expired", "certificate", "federated", "identity")}
        self.certificate, self.thumbprint, pem = Issuer.certificate("godwit")
        (directory / "certificate.pem").write_text(pem)
        self.issuer = Issuer("https://kubernetes.example/issuer")
        (directory / "federated-token").write_text(self.issuer.token(
            sub="system:serviceaccount:godwit:godwit", aud="api://AzureADTokenExchange") + "\n")

    def environment(self):
        azure = self.azure
        yield from {
            "ENDPOINT": f"{azure.base}/{azure.account}", "ACCOUNT": azure.account,
            "KEY": base64.b64encode(azure.key).decode(), "CONTAINER": "godwit-test",
            "LOCK_CONTAINER": "godwit-test-lock", "AUTHORITY": f"{azure.base}/login", "TENANT": self.tenant,
            "CLIENT_SECRET": self.secret, "CERTIFICATE": str(self.directory / "certificate.pem"),
            "FEDERATED_TOKEN": str(self.directory / "federated-token"), "IDENTITY_HOST": azure.base,
            "IDENTITY_HEADER": self.header, "MANAGER": self.manager, "SUBSCRIPTION": self.subscription,
            "GROUP": self.group, **{f"CLIENT_{k.upper()}": v for k, v in self.clients.items() if k != "secret"},
            "CLIENT": self.clients["secret"],
        }.items()

    def claims(self, token, audience):
        return self.server.claims(token, audience)

    async def handle(self, request, path, query, body):
        try:
            return web.json_response(self.answer(request, path, query, body))
        except Failure as failure:
            return web.json_response({"error": failure.code, "error_description": failure.message},
                                     status=failure.status, headers=failure.headers)

    def answer(self, request, path, query, body):
        if path == "/control/revoke" and request.method == "POST":
            self.server.revoke(request.headers.get("Authorization", ""))
            return {}
        if path == f"/login/{self.tenant}/oauth2/v2.0/token" and request.method == "POST":
            form = dict(urllib.parse.parse_qsl(body.decode()))
            if request.headers.get("Content-Type", "").split(";")[0] != "application/x-www-form-urlencoded":
                raise Failure(400, "invalid_request", "AADSTS900144: the body must be a form.")
            return self.application(form, f"{self.azure.base}{path}")
        if path.startswith("/login/"):
            raise Failure(400, "invalid_request", "AADSTS90002: Tenant not found.")
        if path == "/metadata/identity/oauth2/token":
            if request.headers.get("Metadata") != "true" or "X-Forwarded-For" in request.headers:
                raise Failure(400, "invalid_request", "Required metadata header not specified")
            return self.identity(query, "2018-02-01", lambda end: {"expires_in": str(end), "expires_on": str(int(time.time()) + end)})
        if path == "/msi/token":
            if request.headers.get("X-IDENTITY-HEADER") != self.header:
                raise Failure(401, "unauthorized", "X-IDENTITY-HEADER")
            return self.identity(query, "2019-08-01", lambda end: {"expires_on": str(int(time.time()) + end)})
        if path.startswith("/arm/") and request.method == "POST":
            return self.keys(request, path, query)
        raise Failure(404, "not_found", path)

    def identity(self, query, version, end):
        if query.get("api-version") != version or query.get("resource") != STORAGE + "/":
            raise Failure(400, "invalid_request", "api-version or resource")
        if query.get("client_id") not in (None, self.clients["identity"]):
            raise Failure(400, "invalid_request", "Identity not found")
        token = self.server.issue(aud=STORAGE, oid=self.clients["identity"], tid=self.tenant, role="contributor")
        return {"access_token": token, "resource": STORAGE + "/", "token_type": "Bearer", **end(3600)}

    def application(self, form, address):
        client = form.get("client_id")
        kind = next((k for k, v in self.clients.items() if v == client and k != "identity"), None)
        if kind is None:
            raise Failure(400, "unauthorized_client", f"AADSTS700016: Application with identifier '{client}' was not "
                          "found in the directory.\r\nTrace ID: x")
        if form.get("grant_type") != "client_credentials":
            raise Failure(400, "unsupported_grant_type", "AADSTS70003")
        audience = {f"{a}/.default": a for a in (STORAGE, self.manager)}.get(form.get("scope"))
        if audience is None:
            raise Failure(400, "invalid_scope", "AADSTS70011: The provided value for the input parameter 'scope' is not valid.")
        if kind in ("certificate", "federated"):
            if form.get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
                raise Failure(401, "invalid_client", "AADSTS7000216: 'client_assertion' is required.")
            check = self.check_certificate if kind == "certificate" else self.check_federated
            try:
                check(form.get("client_assertion", ""), client, address)
            except jwt.InvalidTokenError as error:
                raise Failure(401, "invalid_client", f"AADSTS700027: Client assertion failed: {error}")
        elif not hmac.compare_digest(form.get("client_secret", ""), self.secret):
            raise Failure(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: x")
        role = "reader" if kind == "reader" else "contributor"
        life = -60 if kind == "expired" else 3600
        token = self.server.issue(aud=audience, oid=client, tid=self.tenant, role=role, life=life)
        return {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token}

    def check_certificate(self, assertion, client, address):
        header = jwt.get_unverified_header(assertion)
        if header.get("x5t#S256") != self.thumbprint and header.get("x5t") is None:
            raise jwt.InvalidTokenError("the thumbprint is of another certificate")
        claims = jwt.decode(assertion, self.certificate, algorithms=["PS256", "RS256"], audience=address,
                            options={"require": ["exp", "nbf", "jti", "iss", "sub", "aud"]})
        if claims["iss"] != client or claims["sub"] != client or claims["exp"] - claims["nbf"] > 86400:
            raise jwt.InvalidTokenError("iss, sub or exp")

    def check_federated(self, assertion, client, address):
        claims = self.issuer.verify(assertion, audience="api://AzureADTokenExchange")
        if claims["sub"] != "system:serviceaccount:godwit:godwit":
            raise jwt.InvalidTokenError("no matching federated identity record found")

    def keys(self, request, path, query):
        claims = self.claims(request.headers.get("Authorization", "").removeprefix("Bearer "), self.manager)
        if claims is None:
            raise Failure(401, "InvalidAuthenticationToken", "The access token is invalid.")
        expected = (f"/arm/subscriptions/{self.subscription}/resourceGroups/{urllib.parse.quote(self.group)}/providers/"
                    f"Microsoft.Storage/storageAccounts/{self.azure.account}/listKeys")
        if path != expected or "api-version" not in query:
            raise Failure(404, "ResourceNotFound", "The Resource was not found.")
        if claims["role"] == "reader":
            raise Failure(403, "AuthorizationFailed", "The client does not have authorization to perform action "
                          "'Microsoft.Storage/storageAccounts/listKeys/action'.")
        return {"keys": [{"keyName": "ro", "value": "AAAA", "permissions": "READ"},
                         {"keyName": "key1", "value": base64.b64encode(self.azure.key).decode(), "permissions": "FULL"}]}


async def main():
    port, directory = int(sys.argv[1]), Path(sys.argv[2])
    azure = Azure(port, directory)
    application = web.Application(client_max_size=1 << 30)
    application.router.add_route("*", "/{path:.*}", azure.handle)
    runner = web.AppRunner(application, access_log=None, auto_decompress=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    lines = [f"GODWIT_TEST_AZURE_{name}={value}\n" for name, value in azure.tokens.environment()]
    (directory / "environment.part").write_text("".join(lines))
    (directory / "environment.part").rename(directory / "environment")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
