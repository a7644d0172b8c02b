import Foundation
import GodwitModel
import Testing

@Suite struct BackupJSONTests {
    static let velero = #"""
        {"apiVersion":"velero.io/v1","kind":"Backup","metadata":{"name":"nightly-20261121","namespace":"velero",
        "uid":"b1c2","resourceVersion":"7","generation":3,"creationTimestamp":"2026-11-21T00:00:00Z",
        "labels":{"velero.io/schedule-name":"nightly","velero.io/storage-location":"default"},
        "annotations":{"velero.io/source-cluster-k8s-gitversion":"v1.29.3"}},
        "spec":{"metadata":{},"includedNamespaces":["shop","team-*"],"excludedNamespaces":["kube-system"],
        "includedResources":["*"],"excludedResources":["events"],"ttl":"720h0m0s","storageLocation":"default",
        "volumeSnapshotLocations":["aws"],"snapshotVolumes":false,"includeClusterResources":true,
        "orderedResources":{"pods":"shop/db-0, shop/web-0","persistentvolumes":"pv1"},
        "labelSelector":{"matchLabels":{"app":"shop"},"matchExpressions":[{"key":"tier","operator":"In","values":["a","b"]}]},
        "csiSnapshotTimeout":"10m0s","itemOperationTimeout":"4h0m0s","resourcePolicy":{"kind":"configmap","name":"p"},
        "hooks":{"resources":[{"name":"h","pre":[{"exec":{"command":["sync"],"timeout":"30s"}}]}]}},
        "status":{"version":1,"formatVersion":"1.1.0","phase":"PartiallyFailed","startTimestamp":"2026-11-21T00:00:01Z",
        "completionTimestamp":"2026-11-21T00:01:01Z","expiration":"2026-12-21T00:00:01Z",
        "progress":{"totalItems":31,"itemsBackedUp":30},"warnings":2,"errors":1,"hookStatus":{"hooksAttempted":1}}}
        """#

    @Test func readsWhatVeleroWrites() throws {
        let backup = try Backup(json: json(Self.velero))
        #expect(backup.name == "nightly-20261121")
        #expect(backup.labels["velero.io/schedule-name"] == "nightly")
        #expect(backup.annotations.count == 1)
        #expect(
            backup.spec.filter.namespaces
                == IncludesExcludesSpec(included: ["shop", "team-*"], excluded: ["kube-system"]))
        #expect(backup.spec.filter.includeClusterResources == true)
        #expect(backup.spec.filter.labelSelectors.map(\.description) == ["app=shop,tier in (a,b)"])
        #expect(backup.spec.orderedResources == ["pods": ["shop/db-0", "shop/web-0"], "persistentvolumes": ["pv1"]])
        #expect(backup.spec.timeToLive == .seconds(720 * 3600))
        #expect(backup.spec.resourcePolicy == ["kind": "configmap", "name": "p"])
        #expect(backup.status.phase == .partiallyFailed)
        #expect(backup.status.formatVersion == "1.1.0")
        #expect(backup.status.formatMajorVersion == 1)
        #expect(backup.status.started == Date(timeIntervalSince1970: 1_795_219_201))
        #expect(backup.status.totalItems == 31 && backup.status.itemsBackedUp == 30)
        #expect(backup.status.warnings == 2 && backup.status.errors == 1)
    }

    @Test func writesBackEveryField() throws {
        var original = try json(Self.velero)
        let written = try Backup(json: original).json
        // Both are Velero's own spellings of the same: empty is absent, blanks after a comma mean nothing.
        original[path: "spec", "metadata"] = nil
        original[path: "spec", "orderedResources", "pods"] = "shop/db-0,shop/web-0"
        var compared = written
        compared[path: "spec", "metadata"] = nil
        #expect(compared == original)
        #expect(try Backup(json: written).json == written)
    }

    @Test func aNewBackupRoundTrips() throws {
        var backup = Backup(name: "b")
        #expect(try Backup(json: backup.json) == backup)
        #expect(backup.json["status"] == nil)
        backup.spec.filter.labelSelectors = [try LabelSelector(parsing: "a=b"), try LabelSelector(parsing: "c")]
        backup.spec.filter.includeClusterResources = false
        backup.spec.timeToLive = .seconds(90)
        backup.status.phase = .completed
        backup.status.completed = Date(timeIntervalSince1970: 1_700_000_000)
        backup.status.validationErrors = ["x"]
        #expect(try Backup(json: backup.json) == backup)
        #expect(backup.json["spec"]?["orLabelSelectors"]?.array?.count == 2)
        #expect(backup.json["spec"]?["ttl"] == "1m30s")
        #expect(backup.json["status"]?["completionTimestamp"] == "2023-11-14T22:13:20Z")
    }

    @Test(arguments: [
        ("[]", ""), ("{}", "kind"), (#"{"kind":"Restore","apiVersion":"velero.io/v1"}"#, "kind"),
        (#"{"kind":"Backup","apiVersion":"velero.io/v1"}"#, "metadata.name"),
        (#"{"kind":"Backup","apiVersion":"velero.io/v1","metadata":{"name":"b"},"spec":{"ttl":"soon"}}"#, "spec.ttl"),
        (#"{"kind":"Backup","apiVersion":"velero.io/v1","metadata":{"name":"b"},"spec":{"ttl":3}}"#, "spec.ttl"),
        (
            #"{"kind":"Backup","apiVersion":"velero.io/v1","metadata":{"name":"b"},"spec":{"includedNamespaces":[1]}}"#,
            "spec.includedNamespaces"
        ),
        (
            #"{"kind":"Backup","apiVersion":"velero.io/v1","metadata":{"name":"b"},"spec":{"labelSelector":{},"orLabelSelectors":[{}]}}"#,
            "spec.orLabelSelectors"
        ),
        (
            #"{"kind":"Backup","apiVersion":"velero.io/v1","metadata":{"name":"b"},"status":{"phase":"Odd"}}"#,
            "status.phase"
        ),
        (
            #"{"kind":"Backup","apiVersion":"velero.io/v1","metadata":{"name":"b"},"status":{"progress":{"totalItems":"x"}}}"#,
            "status.progress.totalItems"
        ),
    ]) func refuses(text: String, field: String) throws {
        let value = try json(text)
        let error = #expect(throws: APIObjectError.self) { try Backup(json: value) }
        #expect(error?.field == field)
    }

    @Test func restoresRoundTrip() throws {
        let text = #"""
            {"apiVersion":"velero.io/v1","kind":"Restore","metadata":{"name":"r","namespace":"velero","labels":{"a":"b"},
            "annotations":{"kept":"too"}},
            "spec":{"backupName":"b","includedNamespaces":["shop"],"excludedResources":["nodes"],
            "namespaceMapping":{"shop":"shop2"},"restorePVs":true,"preserveNodePorts":true,
            "restoreStatus":{"includedResources":["pods"]},"existingResourcePolicy":"update",
            "itemOperationTimeout":"4h0m0s","resourceModifier":{"kind":"configmap","name":"m"},"hooks":{}},
            "status":{"phase":"Completed","startTimestamp":"2026-11-21T00:00:01Z","progress":{"totalItems":3,"itemsRestored":3}}}
            """#
        let original = try json(text)
        let restore = try Restore(json: original)
        #expect(restore.spec.backupName == "b")
        #expect(restore.spec.namespaceMapping == ["shop": "shop2"])
        #expect(restore.spec.existingResourcePolicy == .update)
        #expect(restore.spec.restoreStatus == IncludesExcludesSpec(included: ["pods"]))
        #expect(restore.spec.restorePersistentVolumes == true)
        #expect(restore.spec.preserveNodePorts)
        #expect(restore.status.itemsRestored == 3)
        #expect(restore.json == original)
        #expect(try Restore(json: restore.json) == restore)
        #expect(throws: APIObjectError.self) {
            try Restore(
                json: json(
                    #"{"apiVersion":"velero.io/v1","kind":"Restore","metadata":{"name":"r"},"spec":{"existingResourcePolicy":"x"}}"#
                ))
        }
    }
}
