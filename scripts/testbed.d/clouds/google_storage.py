"""Google Cloud Storage (JSON API, V4 signed URLs) and what gives tokens for it, in memory, for the tests.

Strict where it matters: every request needs a token that this server has issued to who proved himself, or a V4
signature; checksums, generations and the grain of resumable uploads are verified; what Google refuses is refused with
Google's reasons. Written after Google's reference; scripts/testbed.d/clouds/prove-gcs.py holds it against Google's SDK.

usage: google_storage.py PORT DIRECTORY     writes DIRECTORY/environment, and credentials beside it
"""

import asyncio
import base64
import bisect
import datetime
import hashlib
import json
import re
import secrets
import sys
import time
import urllib.parse
import uuid
from pathlib import Path

import google_crc32c
import jwt
from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from identities import Issuer, TokenServer

GRAIN = 256 << 10
SCOPES = "https://www.googleapis.com/auth/"
# What Google's SDK writes for its audience wherever the token service is.
TOKENS = "https://oauth2.googleapis.com/token"
AUDIENCE = "https://storage.googleapis.com/"


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def parse(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def crc32c(data):
    return base64.b64encode(google_crc32c.value(bytes(data)).to_bytes(4, "big")).decode()


def md5(data):
    return base64.b64encode(hashlib.md5(data).digest()).decode()


class Failure(Exception):
    def __init__(self, status, reason, message="", **headers):
        super().__init__(reason)
        self.status, self.reason, self.message, self.headers = status, reason, message, headers


class Stored:
    counter = int(time.time() * 1_000_000)

    def __init__(self, data, resource):
        Stored.counter += 1
        self.data, self.resource = data, resource
        self.generation, self.updated = str(Stored.counter), now()
        self.crc32c, self.md5 = crc32c(data), md5(data)

    @property
    def lock(self):
        """Why it cannot be replaced or deleted; None when it can."""
        if self.resource.get("temporaryHold") or self.resource.get("eventBasedHold"):
            return "objectUnderActiveHold"
        retention = self.resource.get("retention")
        if retention and parse(retention["retainUntilTime"]) > now():
            return "retentionPolicyNotMet"
        return None


class Bucket:
    def __init__(self, name, retention=False, requester_pays=False):
        self.name, self.retention, self.requester_pays = name, retention, requester_pays
        self.objects, self.names = {}, []

    def put(self, name, stored):
        if name not in self.objects:
            bisect.insort(self.names, name.encode())
        self.objects[name] = stored

    def remove(self, name):
        del self.objects[name]
        del self.names[bisect.bisect_left(self.names, name.encode())]


class Session:
    def __init__(self, bucket, query, resource):
        self.bucket, self.query, self.resource = bucket, query, resource
        self.data, self.done, self.stored = bytearray(), False, None


class Google:
    def __init__(self, port, directory):
        self.base = f"http://127.0.0.1:{port}"
        self.buckets = {b.name: b for b in (
            Bucket("godwit-test"), Bucket("godwit-test-lock", retention=True),
            Bucket("godwit-test-payer", requester_pays=True))}
        self.sessions = {}
        self.tokens = GoogleTokens(self, directory)

    # --- requests -------------------------------------------------------------------------------------------------

    async def handle(self, request):
        path, _, query = request.raw_path.partition("?")
        pairs = urllib.parse.parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)
        query = dict(pairs)
        try:
            body = await request.read()
            status, headers, data = self.answer(request, path, query, body)
        except Failure as failure:
            error = {"code": failure.status, "message": failure.message,
                     "errors": [{"message": failure.message, "domain": "global", "reason": failure.reason}]}
            status, headers, data = failure.status, failure.headers, {"error": error}
        if isinstance(data, dict):
            data, headers = json.dumps(data).encode(), {"Content-Type": "application/json; charset=UTF-8", **headers}
        headers = {"X-GUploader-UploadID": secrets.token_hex(8), "Server": "UploadServer", **headers}
        return web.Response(status=status, headers=headers, body=data)

    def answer(self, request, path, query, body):
        parts = path.split("/")
        if path.startswith("/upload/storage/v1/b/") and len(parts) == 7 and parts[6] == "o":
            return self.upload(request, self.bucket(request, parts[5], query), query, body)
        if path.startswith("/upload/session/"):
            return self.resume(request, parts[3], body)
        if path.startswith("/download/storage/v1/b/"):
            parts, query = parts[1:], {**query, "alt": "media"}
        if parts[1:4] == ["storage", "v1", "b"] or parts[0] == "download":
            who = self.principal(request)
            bucket = self.bucket(request, parts[4], query)
            if len(parts) == 5 and request.method == "GET":
                who.require("list", bucket)
                return 200, {}, {"kind": "storage#bucket", "name": bucket.name, "location": "US"}
            if len(parts) == 6 and parts[5] == "o" and request.method == "GET":
                who.require("list", bucket)
                return self.list(bucket, query)
            if len(parts) == 7:
                return self.object(request, who, bucket, urllib.parse.unquote(parts[6]), query, body)
        if "X-Goog-Signature" in query:
            return self.signed(request, path, query)
        return self.tokens.answer(request, path, query, body)

    def principal(self, request):
        authorization = request.headers.get("Authorization", "")
        claims = self.tokens.server.claims(authorization.removeprefix("Bearer "), AUDIENCE)
        if not authorization:
            raise Failure(401, "required", "Anonymous caller does not have storage.objects.get access to the Google "
                          "Cloud Storage object.")
        if claims is None:
            raise Failure(401, "authError", "Invalid Credentials")
        return Caller(claims)

    def bucket(self, request, name, query):
        bucket = self.buckets.get(urllib.parse.unquote(name))
        if bucket is None:
            self.principal(request)
            raise Failure(404, "notFound", "The specified bucket does not exist.")
        if bucket.requester_pays and not query.get("userProject"):
            raise Failure(400, "userProjectMissing", "Bucket is a requester pays bucket but no user project provided.")
        return bucket

    # --- objects --------------------------------------------------------------------------------------------------

    def resource(self, bucket, name, stored):
        return {"kind": "storage#object", "id": f"{bucket.name}/{name}/{stored.generation}", "name": name,
                "bucket": bucket.name, "generation": stored.generation, "metageneration": "1",
                "contentType": "application/octet-stream", "storageClass": "STANDARD", **stored.resource,
                "size": str(len(stored.data)), "crc32c": stored.crc32c, "md5Hash": stored.md5,
                "timeCreated": stamp(stored.updated), "updated": stamp(stored.updated),
                "etag": base64.b64encode(stored.generation.encode()).decode()}

    def object(self, request, who, bucket, name, query, body):
        stored = bucket.objects.get(name)
        if request.method == "DELETE":
            who.require("delete", bucket)
            if stored is None:
                raise missing(bucket, name)
            self.check_conditions(stored, query)
            self.check_lock(bucket, name, stored)
            bucket.remove(name)
            return 204, {}, b""
        if request.method == "PATCH":
            who.require("update", bucket)
            if stored is None:
                raise missing(bucket, name)
            stored.resource.update(json.loads(body))
            return 200, {}, self.resource(bucket, name, stored)
        if request.method != "GET":
            raise Failure(405, "methodNotAllowed")
        who.require("get", bucket)
        if stored is None or query.get("generation", stored.generation) != stored.generation:
            raise missing(bucket, name)
        if query.get("alt") != "media":
            return 200, {}, fields(self.resource(bucket, name, stored), query)
        return self.media(request, stored)

    def media(self, request, stored):
        headers = {"Content-Type": stored.resource.get("contentType", "application/octet-stream"),
                   "x-goog-generation": stored.generation, "x-goog-metageneration": "1",
                   "x-goog-stored-content-length": str(len(stored.data)),
                   "x-goog-stored-content-encoding": "identity",
                   "x-goog-hash": f"crc32c={stored.crc32c},md5={stored.md5}", "Accept-Ranges": "bytes",
                   "Last-Modified": stored.updated.strftime("%a, %d %b %Y %H:%M:%S GMT")}
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
        if not match:
            return 200, headers, bytes(stored.data)
        first = int(match[1])
        last = min(int(match[2]) if match[2] else len(stored.data), len(stored.data) - 1)
        if first >= len(stored.data):
            raise Failure(416, "requestedRangeNotSatisfiable", "Request range not satisfiable")
        headers["Content-Range"] = f"bytes {first}-{last}/{len(stored.data)}"
        return 206, headers, bytes(stored.data[first:last + 1])

    def list(self, bucket, query):
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        limit = min(int(query.get("maxResults", "1000")), 1000)
        token = base64.urlsafe_b64decode(query["pageToken"]) if query.get("pageToken") else b""
        names, items, prefixes = bucket.names, [], []
        index, following = bisect.bisect_left(names, max(token, prefix.encode())), None
        while index < len(names) and names[index].startswith(prefix.encode()):
            if len(items) + len(prefixes) == limit:
                following = base64.urlsafe_b64encode(names[index]).decode()
                break
            name = names[index].decode()
            cut = name.find(delimiter, len(prefix)) if delimiter else -1
            if cut >= 0:
                prefixes.append(name[:cut + len(delimiter)])
                index = bisect.bisect_left(names, prefixes[-1].encode() + b"\xff" * 8)
            else:
                items.append(self.resource(bucket, name, bucket.objects[name]))
                index += 1
        page = {"kind": "storage#objects"}
        if items:
            page["items"] = items
        if prefixes:
            page["prefixes"] = prefixes
        if following:
            page["nextPageToken"] = following
        return 200, {}, fields(page, query)

    # --- uploads --------------------------------------------------------------------------------------------------

    def check_conditions(self, stored, query):
        wanted = query.get("ifGenerationMatch")
        if wanted is not None and wanted != (stored.generation if stored else "0"):
            raise Failure(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.")

    def check_lock(self, bucket, name, stored):
        if stored is not None and stored.lock:
            what = "hold" if stored.lock == "objectUnderActiveHold" else "retention policy"
            raise Failure(403, stored.lock, f"Object '{bucket.name}/{name}' is under active {what} and cannot be "
                          "deleted, overwritten or archived.")

    def check_new(self, bucket, query, resource):
        name = resource.get("name") or query.get("name")
        if not name or len(name.encode()) > 1024 or "\n" in name or "\r" in name or name in (".", ".."):
            raise Failure(400, "invalid", "Invalid object name")
        stored = bucket.objects.get(name)
        self.check_conditions(stored, query)
        self.check_lock(bucket, name, stored)
        if "retention" in resource and not bucket.retention:
            raise Failure(400, "objectRetentionNotEnabled", "Object retention is not enabled on the bucket.")
        return name

    def create(self, bucket, query, resource, data, announced=None):
        name = self.check_new(bucket, query, resource)
        for wanted in (resource.get("crc32c"), announced):
            if wanted and wanted != crc32c(data):
                raise Failure(400, "invalid", f"Provided CRC32C \"{wanted}\" doesn't match calculated CRC32C "
                              f"\"{crc32c(data)}\".")
        if resource.get("md5Hash") not in (None, md5(data)):
            raise Failure(400, "invalid", "Provided MD5 hash doesn't match calculated MD5 hash.")
        kept = {k: v for k, v in resource.items() if k not in ("name", "crc32c", "md5Hash")}
        if query.get("kmsKeyName"):
            if not query["kmsKeyName"].startswith("projects/godwit/"):
                raise Failure(403, "forbidden", "Permission denied on Cloud KMS key. Please ensure that your Cloud "
                              "Storage service account has been authorized to use this key.")
            kept["kmsKeyName"] = query["kmsKeyName"] + "/cryptoKeyVersions/1"
        stored = Stored(data, kept)
        bucket.put(name, stored)
        return fields(self.resource(bucket, name, stored), query)

    def upload(self, request, bucket, query, body):
        self.principal(request).require("create", bucket)
        kind = query.get("uploadType")
        if kind == "multipart":
            resource, data = multipart(request.headers.get("Content-Type", ""), body)
            return 200, {}, self.create(bucket, query, resource, data)
        if kind == "media":
            return 200, {}, self.create(bucket, query, {"contentType": request.headers.get("Content-Type")}, body)
        if kind != "resumable" or request.method != "POST":
            raise Failure(400, "badRequest", "uploadType")
        resource = json.loads(body) if body else {}
        self.check_new(bucket, query, resource)
        identifier = secrets.token_urlsafe(24)
        self.sessions[identifier] = Session(bucket, query, resource)
        host = request.headers["Host"]
        return 200, {"Location": f"http://{host}/upload/session/{identifier}?upload_id={identifier}"}, b""

    def resume(self, request, identifier, body):
        session = self.sessions.get(identifier)
        if session is None:
            raise Failure(410, "gone", "The upload session is gone.")
        if request.method == "DELETE":
            del self.sessions[identifier]
            return 499, {}, b""
        match = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", request.headers.get("Content-Range", ""))
        if not match:
            if session.data or "Content-Range" in request.headers:
                raise Failure(400, "badRequest", "Content-Range")
            session.data += body
            return self.finish(request, session)
        if session.done:
            return 200, {}, session.stored
        total = None if match[3] == "*" else int(match[3])
        if match[1] is not None:
            first, last = int(match[1]), int(match[2])
            if last - first + 1 != len(body):
                raise Failure(400, "badRequest", "The range and the body have different lengths.")
            if first > len(session.data):
                raise Failure(503, "backendError", "The range begins behind what is there.")
            is_last = total is not None and last + 1 == total
            if not is_last and len(body) % GRAIN:
                raise Failure(400, "badRequest", "Chunks must be multiples of 262144 bytes.")
            session.data += body[len(session.data) - first:]
        if total is not None and len(session.data) == total:
            return self.finish(request, session)
        headers = {"Range": f"bytes=0-{len(session.data) - 1}"} if session.data else {}
        return 308, headers, b""

    def finish(self, request, session):
        hashes_ = dict(h.strip().split("=", 1) for h in request.headers.get("X-Goog-Hash", "").split(",") if "=" in h)
        session.stored = self.create(
            session.bucket, session.query, session.resource, bytes(session.data), hashes_.get("crc32c"))
        session.done, session.data = True, bytearray()
        return 200, {}, session.stored

    # --- signed URLs ----------------------------------------------------------------------------------------------

    def signed(self, request, path, query):
        email, date, *rest = query.get("X-Goog-Credential", "").split("/")
        key = self.tokens.keys.get(email)
        time_ = query.get("X-Goog-Date", "")
        if query.get("X-Goog-Algorithm") != "GOOG4-RSA-SHA256" or rest != ["auto", "storage", "goog4_request"] or \
                not time_.startswith(date) or key is None:
            raise Failure(400, "InvalidSecurity")
        begin = datetime.datetime.strptime(time_, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        life = int(query.get("X-Goog-Expires", "0"))
        if not 0 < life <= 604800 or not begin - datetime.timedelta(minutes=15) <= now() < \
                begin + datetime.timedelta(seconds=life):
            raise Failure(400, "ExpiredToken", "The provided token has expired.")
        names = query.get("X-Goog-SignedHeaders", "").split(";")
        if "host" not in names:
            raise Failure(400, "InvalidSecurity")
        quote = lambda text: urllib.parse.quote(text, safe="-_.~")
        canonical = "&".join(sorted(f"{quote(k)}={quote(v)}" for k, v in query.items() if k != "X-Goog-Signature"))
        headers = "".join(f"{n}:{' '.join(request.headers.get(n, '').split())}\n" for n in names)
        subject = "\n".join([request.method, path, canonical, headers, ";".join(names), "UNSIGNED-PAYLOAD"])
        text = "\n".join(["GOOG4-RSA-SHA256", time_, f"{date}/auto/storage/goog4_request",
                          hashlib.sha256(subject.encode()).hexdigest()])
        try:
            key.key.public_key().verify(bytes.fromhex(query["X-Goog-Signature"]), text.encode(), padding.PKCS1v15(),
                                        hashes.SHA256())
        except (InvalidSignature, ValueError):
            raise Failure(403, "SignatureDoesNotMatch", "The request signature we calculated does not match.")
        _, bucket, name = urllib.parse.unquote(path).split("/", 2)
        stored = self.buckets[bucket].objects.get(name) if bucket in self.buckets else None
        if stored is None:
            raise Failure(404, "NoSuchKey")
        return self.media(request, stored)


class Caller:
    ROLES = {"admin": {"get", "list", "create", "delete", "update"}, "reader": {"get", "list"}, "nobody": set()}

    def __init__(self, claims):
        self.claims = claims

    def require(self, verb, bucket):
        if verb not in self.ROLES[self.claims["role"]]:
            raise Failure(403, "forbidden", f"{self.claims['email']} does not have storage.objects.{verb} access to "
                          f"the Google Cloud Storage bucket. Permission 'storage.objects.{verb}' denied on resource "
                          "(or it may not exist).")


def is_scope(text):
    """Whether a text names scopes that storage knows: the whole platform, storage, or what mints tokens."""
    known = ("cloud-platform", "devstorage.", "iam")
    names = text.split()
    return bool(names) and all(n.startswith(tuple(SCOPES + k for k in known)) for n in names)


def missing(bucket, name):
    return Failure(404, "notFound", f"No such object: {bucket.name}/{name}")


def fields(resource, query):
    """What a partial response holds: `kind,items(name,size)` names fields, and the fields of each of a list's items."""
    wanted = query.get("fields")
    return select(resource, wanted) if wanted else resource


def select(resource, wanted):
    chosen = {}
    for name, inner in re.findall(r"(\w+)(?:\(([^()]*)\))?", wanted):
        if name in resource:
            value = resource[name]
            chosen[name] = [select(item, inner) for item in value] if inner else value
    return chosen


def multipart(content_type, body):
    match = re.search(r'boundary="?([^";]+)', content_type)
    if not content_type.startswith("multipart/related") or not match:
        raise Failure(400, "badRequest", "Content-Type")
    mark = b"--" + match[1].encode()
    # Only the marks at the beginning of a line count; content may hold anything else.
    text = b"\r\n" + body
    pieces = text.split(b"\r\n" + mark)
    if len(pieces) != 4 or not pieces[3].startswith(b"--"):
        raise Failure(400, "badRequest", "The body is not of two parts.")
    (_, metadata), (head, data) = (piece.split(b"\r\n\r\n", 1) for piece in pieces[1:3])
    resource = json.loads(metadata)
    declared = re.search(rb"(?i)content-type: *([^\r\n]+)", head)
    if declared and "contentType" not in resource:
        resource["contentType"] = declared[1].decode()
    return resource, data


class GoogleTokens:
    """Google's token service, its Security Token Service, IAM, and the metadata server."""

    def __init__(self, google, directory):
        self.google, self.directory = google, directory
        self.server = TokenServer()
        self.keys = {f"{role}@godwit.iam.gserviceaccount.com": Issuer(role) for role in (
            "admin", "reader", "nobody", "expired", "machine")}
        self.issuer = Issuer("https://kubernetes.example/issuer")
        self.audience = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/k"
        self.client, self.secret, self.refresh = uuid.uuid4().hex, secrets.token_hex(20), secrets.token_hex(20)
        self.write()

    def write(self):
        base = self.google.base
        for email, issuer in self.keys.items():
            self.save(email.split("@")[0], {
                "type": "service_account", "project_id": "godwit", "private_key_id": "k-" + issuer.name,
                "private_key": issuer.pem(), "client_email": email, "client_id": "1",
                "token_uri": f"{base}/token"})
        self.save("user", {"type": "authorized_user", "client_id": self.client, "client_secret": self.secret,
                           "refresh_token": self.refresh, "token_uri": f"{base}/token"})
        token = self.issuer.token(sub="system:serviceaccount:godwit:godwit", aud=self.audience)
        (self.directory / "subject-token").write_text(token)
        admin = next(iter(self.keys))
        external = {"type": "external_account", "audience": self.audience,
                    "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": f"{base}/sts/v1/token",
                    "service_account_impersonation_url":
                        f"{base}/v1/projects/-/serviceAccounts/{admin}:generateAccessToken"}
        self.save("external-file", {**external, "credential_source": {"file": str(self.directory / "subject-token")}})
        self.save("external-url", {**external, "credential_source": {
            "url": f"{base}/subject-token", "headers": {"X-Reason": "test"},
            "format": {"type": "json", "subject_token_field_name": "id_token"}}})

    def save(self, name, document):
        (self.directory / f"{name}.json").write_text(json.dumps(document, indent=1))

    def environment(self):
        return {"ENDPOINT": self.google.base, "BUCKET": "godwit-test", "LOCK_BUCKET": "godwit-test-lock",
                "PAYER_BUCKET": "godwit-test-payer", "CREDENTIALS": str(self.directory),
                "METADATA_HOST": self.google.base.removeprefix("http://")}.items()

    def issue(self, email, life=3600):
        role = {"machine": "admin", "expired": "admin"}.get(email.split("@")[0], email.split("@")[0])
        return self.server.issue(life=-60 if email.startswith("expired") else life, aud=AUDIENCE, email=email, role=role)

    def answer(self, request, path, query, body):
        if path == "/control/revoke" and request.method == "POST":
            self.server.revoke(request.headers.get("Authorization", ""))
            return 200, {}, {}
        if path == "/token" and request.method == "POST":
            return self.oauth(self.token, dict(urllib.parse.parse_qsl(body.decode())))
        if path == "/sts/v1/token" and request.method == "POST":
            return self.oauth(self.exchange, dict(urllib.parse.parse_qsl(body.decode())))
        if path == "/subject-token" and request.headers.get("X-Reason") == "test":
            return 200, {}, {"id_token": (self.directory / "subject-token").read_text()}
        if path.startswith("/computeMetadata/v1/instance/service-accounts/default/"):
            return self.metadata(request, path.rsplit("/", 1)[1])
        match = re.fullmatch(r"/v1/projects/-/serviceAccounts/([^:]+):(signBlob|generateAccessToken)", path)
        if match and request.method == "POST":
            return self.iam(request, urllib.parse.unquote(match[1]), match[2], json.loads(body))
        raise Failure(404, "notFound", "Not Found")

    def oauth(self, function, form):
        try:
            return 200, {}, {"access_token": function(form), "expires_in": 3599, "token_type": "Bearer"}
        except (jwt.InvalidTokenError, KeyError, ValueError) as error:
            return 400, {}, {"error": "invalid_grant", "error_description": f"Invalid JWT Signature. ({error})"}

    def token(self, form):
        if form["grant_type"] == "refresh_token":
            if (form["client_id"], form["client_secret"], form["refresh_token"]) != (self.client, self.secret, self.refresh):
                raise ValueError("Token has been expired or revoked.")
            return self.issue("admin@godwit.iam.gserviceaccount.com")
        if form["grant_type"] != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            raise ValueError("grant_type")
        claims = jwt.decode(form["assertion"], options={"verify_signature": False})
        issuer = self.keys[claims["iss"]]
        header = jwt.get_unverified_header(form["assertion"])
        if header.get("kid") not in (None, "k-" + issuer.name):
            raise ValueError("kid")
        claims = jwt.decode(form["assertion"], issuer.key.public_key(), algorithms=["RS256"],
                            audience=[f"{self.google.base}/token", TOKENS], options={"require": ["exp", "iat", "iss", "aud"]})
        if not 0 < claims["exp"] - claims["iat"] <= 3600 or not is_scope(claims.get("scope", "")):
            raise ValueError("the lifetime or the scope is none")
        return self.issue(claims["iss"])

    def exchange(self, form):
        if form["grant_type"] != "urn:ietf:params:oauth:grant-type:token-exchange" or form["audience"] != self.audience \
                or form["subject_token_type"] != "urn:ietf:params:oauth:token-type:jwt" \
                or form["requested_token_type"] != "urn:ietf:params:oauth:token-type:access_token" \
                or not is_scope(form["scope"]):
            raise ValueError("a field of the exchange")
        self.issuer.verify(form["subject_token"], audience=self.audience)
        return self.server.issue(aud=self.audience, email="federated", role="nobody")

    def metadata(self, request, what):
        if request.headers.get("Metadata-Flavor") != "Google" or "X-Forwarded-For" in request.headers:
            return 403, {}, b"Missing required header"
        email = "machine@godwit.iam.gserviceaccount.com"
        flavor = {"Metadata-Flavor": "Google"}
        if what == "email":
            return 200, {**flavor, "Content-Type": "application/text"}, email.encode()
        return 200, flavor, {"access_token": self.issue(email), "expires_in": 3599, "token_type": "Bearer"}

    def iam(self, request, email, verb, body):
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        federated = self.server.claims(token, self.audience)
        own = self.server.claims(token, AUDIENCE)
        issuer = self.keys.get(email)
        if issuer is None or not (federated or own) or (own and own["role"] != "admin"):
            raise Failure(403, "forbidden", "Permission 'iam.serviceAccounts.signBlob' denied on resource (or it may "
                          "not exist).")
        if verb == "generateAccessToken":
            if not is_scope(" ".join(body.get("scope", []))) or not re.fullmatch(r"\d+s", body.get("lifetime", "")):
                raise Failure(400, "badRequest", "scope or lifetime")
            end = now() + datetime.timedelta(seconds=int(body["lifetime"][:-1]))
            return 200, {}, {"accessToken": self.issue(email), "expireTime": end.strftime("%Y-%m-%dT%H:%M:%SZ")}
        signature = issuer.key.sign(base64.b64decode(body["payload"]), padding.PKCS1v15(), hashes.SHA256())
        return 200, {}, {"keyId": "k-" + issuer.name, "signedBlob": base64.b64encode(signature).decode()}


async def main():
    port, directory = int(sys.argv[1]), Path(sys.argv[2])
    google = Google(port, directory)
    application = web.Application(client_max_size=1 << 30)
    application.router.add_route("*", "/{path:.*}", google.handle)
    runner = web.AppRunner(application, access_log=None, auto_decompress=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    lines = [f"GODWIT_TEST_GCS_{name}={value}\n" for name, value in google.tokens.environment()]
    (directory / "environment.part").write_text("".join(lines))
    (directory / "environment.part").rename(directory / "environment")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
