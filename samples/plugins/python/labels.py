"""A backup item action: labels Deployments and ConfigMaps with the backup's name."""

import json

import BackupItemAction_pb2
import BackupItemAction_pb2_grpc
import Shared_pb2
from velero_plugin import serve

NAME = "example.com/labels"


class Labels(BackupItemAction_pb2_grpc.BackupItemActionServicer):
    def AppliesTo(self, request, context):
        selector = Shared_pb2.ResourceSelector(includedResources=["configmaps", "deployments.apps"])
        return BackupItemAction_pb2.BackupItemActionAppliesToResponse(ResourceSelector=selector)

    def Execute(self, request, context):
        item = json.loads(request.item)
        backup = json.loads(request.backup)
        labels = item["metadata"].setdefault("labels", {})
        labels["example.com/backup"] = backup["metadata"]["name"]
        return BackupItemAction_pb2.ExecuteResponse(item=json.dumps(item).encode())


serve(
    [("BackupItemAction", NAME)],
    lambda server: BackupItemAction_pb2_grpc.add_BackupItemActionServicer_to_server(Labels(), server),
)
