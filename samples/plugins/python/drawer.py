"""An object store in a directory: plugin://example.com/drawer/BUCKET/PREFIX?root=/srv/drawer

An object is a file whose name is its key, base64url-encoded and cut into folders, so that any key will do."""

import base64
import os
import tempfile

import grpc

import ObjectStore_pb2
import ObjectStore_pb2_grpc
import Shared_pb2
from velero_plugin import log, serve

NAME = "example.com/drawer"
PIECE = 1 << 18


def encode(key):
    text = base64.urlsafe_b64encode(key.encode()).decode()
    pieces = [text[i : i + 200] for i in range(0, len(text), 200)]
    return os.path.join(*["d" + piece for piece in pieces[:-1]], "f" + pieces[-1])


def decode(path):
    return base64.urlsafe_b64decode("".join(part[1:] for part in path.split(os.sep))).decode()


class Drawer(ObjectStore_pb2_grpc.ObjectStoreServicer):
    root = None

    def Init(self, request, context):
        root = request.config.get("root", "")
        if not root.startswith("/"):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "root must name a directory")
        self.root = root
        log("info", "the drawer is %s" % root)
        return Shared_pb2.Empty()

    def bucket(self, request):
        return os.path.join(self.root, request.bucket)

    def path(self, request):
        return os.path.join(self.bucket(request), encode(request.key))

    def PutObject(self, requests, context):
        first = next(requests)
        path = self.path(first)
        os.makedirs(self.bucket(first), exist_ok=True)
        descriptor, unfinished = tempfile.mkstemp(prefix=".", dir=self.bucket(first))
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(first.body)
                # A put that the host breaks off ends this loop with an error.
                for request in requests:
                    file.write(request.body)
                file.flush()
                os.fsync(file.fileno())
            if not context.is_active():
                context.abort(grpc.StatusCode.CANCELLED, "the put was broken off")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.rename(unfinished, path)
        except BaseException:
            os.unlink(unfinished)
            raise
        return Shared_pb2.Empty()

    def ObjectExists(self, request, context):
        return ObjectStore_pb2.ObjectExistsResponse(exists=os.path.isfile(self.path(request)))

    def GetObject(self, request, context):
        try:
            file = open(self.path(request), "rb")
        except (FileNotFoundError, NotADirectoryError):
            context.abort(grpc.StatusCode.NOT_FOUND, "there is no object '%s'" % request.key)
        with file:
            while piece := file.read(PIECE):
                yield ObjectStore_pb2.Bytes(data=piece)

    def keys(self, request):
        top = self.bucket(request)
        for folder, _, names in os.walk(top):
            for name in names:
                if not name.startswith("."):
                    key = decode(os.path.relpath(os.path.join(folder, name), top))
                    if key.startswith(request.prefix):
                        yield key

    def ListObjects(self, request, context):
        return ObjectStore_pb2.ListObjectsResponse(keys=self.keys(request))

    def ListCommonPrefixes(self, request, context):
        prefixes = set()
        for key in self.keys(request):
            rest = key[len(request.prefix) :]
            if request.delimiter and request.delimiter in rest:
                prefixes.add(request.prefix + rest.split(request.delimiter)[0] + request.delimiter)
        return ObjectStore_pb2.ListCommonPrefixesResponse(prefixes=sorted(prefixes))

    def DeleteObject(self, request, context):
        try:
            os.unlink(self.path(request))
        except (FileNotFoundError, NotADirectoryError):
            pass
        return Shared_pb2.Empty()


serve(
    [("ObjectStore", NAME)],
    lambda server: ObjectStore_pb2_grpc.add_ObjectStoreServicer_to_server(Drawer(), server),
)
