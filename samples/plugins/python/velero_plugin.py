"""What every plugin program does: the handshake, the health, and the list of its plugins."""

import json
import os
import sys
import tempfile
from concurrent import futures

import grpc

import Health_pb2
import Health_pb2_grpc
import PluginLister_pb2
import PluginLister_pb2_grpc


def log(level, message):
    """Writes a line that joins the log of the backup."""
    print(json.dumps({"@level": level, "@message": message}), file=sys.stderr, flush=True)


class Health(Health_pb2_grpc.HealthServicer):
    def Check(self, request, context):
        return Health_pb2.HealthCheckResponse(status=Health_pb2.HealthCheckResponse.SERVING)


class Lister(PluginLister_pb2_grpc.PluginListerServicer):
    def __init__(self, plugins):
        self.plugins = plugins

    def ListPlugins(self, request, context):
        return PluginLister_pb2.ListPluginsResponse(
            plugins=[
                PluginLister_pb2.PluginIdentifier(command=sys.argv[0], kind=kind, name=name)
                for kind, name in self.plugins
            ]
        )


def serve(plugins, add_services):
    """Serves plugins, pairs of kind and name, until the host ends the program."""
    if os.environ.get("VELERO_PLUGIN") != "hello":
        sys.exit("This program is a plugin; put it into a plugin directory of Godwit or Velero.")
    directory = os.environ.get("PLUGIN_UNIX_SOCKET_DIR") or tempfile.mkdtemp(prefix="plugin-")
    address = os.path.join(directory, "plugin%d" % os.getpid())
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=16),
        options=[("grpc.max_receive_message_length", 64 << 20), ("grpc.max_send_message_length", 64 << 20)],
    )
    Health_pb2_grpc.add_HealthServicer_to_server(Health(), server)
    PluginLister_pb2_grpc.add_PluginListerServicer_to_server(Lister(plugins), server)
    add_services(server)
    server.add_insecure_port("unix:" + address)
    server.start()
    print("1|2|unix|%s|grpc" % address, flush=True)
    server.wait_for_termination()
