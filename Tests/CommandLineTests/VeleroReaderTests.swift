import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// Reads a backup of `--format velero` the way Velero's server does, from its public documentation of the format alone:
/// nothing of Godwit's own code for it is used.
@Suite struct VeleroReaderTests {
    /// One object as Velero's archive parser finds it.
    private struct Found: Hashable {
        let groupResource: String
        let namespace: String?
        let name: String
    }

    private let workspace: Workspace
    private let shop: Shop
    private let root: String

    init() async throws {
        workspace = try Workspace()
        shop = try await Shop(workspace).backedUp("b", "--format", "velero", "--ttl", "24h")
        root = try workspace.makeFolder("unpacked")
        let unpacked = try await workspace.bash("tar -xzf '\(shop.stored("backups/b/b.tar.gz"))' -C unpacked")
        try #require(unpacked.status == 0, "\(unpacked)")
    }

    private func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)").sorted()
    }

    private func json(_ path: String) throws -> JSONValue {
        try JSONValue(parsing: Array(try #require(FileManager.default.contents(atPath: path), "\(path)")))
    }

    private func zipped(_ key: String) async throws -> String {
        let run = try await workspace.bash("gzip -dc '\(shop.stored("backups/b/\(key)"))'")
        try #require(run.status == 0, "\(run)")
        return run.output
    }

    /// The objects below a folder of a resource: `namespaces/<ns>/<name>.json` and `cluster/<name>.json`.
    private func objects(_ groupResource: String, _ folder: String) throws -> [Found: JSONValue] {
        var found: [Found: JSONValue] = [:]
        func add(_ namespace: String?, _ path: String) throws {
            for file in try names(in: path) {
                try #require(file.hasSuffix(".json"), "\(path)/\(file)")
                let name = String(file.dropLast(5))
                found[Found(groupResource: groupResource, namespace: namespace, name: name)] =
                    try json("\(root)/\(path)/\(file)")
            }
        }
        for scope in try names(in: folder) where !scope.hasSuffix("-preferredversion") {
            switch scope {
            case "cluster": try add(nil, "\(folder)/cluster")
            case "namespaces":
                for namespace in try names(in: "\(folder)/namespaces") {
                    try add(namespace, "\(folder)/namespaces/\(namespace)")
                }
            default: Issue.record("Velero does not know \(folder)/\(scope)")
            }
        }
        return found
    }

    private func group(_ apiVersion: String) -> String {
        apiVersion.contains("/") ? String(apiVersion.prefix { $0 != "/" }) : ""
    }

    @Test func theArchiveIsWhatTheParserWalks() async throws {
        #expect(try names(in: "") == ["metadata", "resources"])
        #expect(try String(contentsOfFile: "\(root)/metadata/version", encoding: .utf8) == "1.1.0\n")
        var listed: [String: Set<String>] = [:]
        var count = 0
        for groupResource in try names(in: "resources") {
            let folder = "resources/\(groupResource)"
            let plain = try objects(groupResource, folder)
            var preferred: [Found: JSONValue] = [:]
            for version in try names(in: folder) where version.hasSuffix("-preferredversion") {
                for (found, value) in try objects(groupResource, "\(folder)/\(version)") {
                    let apiVersion = try #require(value["apiVersion"]?.string)
                    #expect(apiVersion.split(separator: "/").last.map { "\($0)-preferredversion" } == version)
                    preferred[found] = value
                }
            }
            #expect(preferred == plain, "\(groupResource)")
            for (found, value) in plain {
                #expect(value[path: "metadata", "name"]?.string == found.name)
                #expect(value[path: "metadata", "namespace"]?.string == found.namespace)
                let apiVersion = try #require(value["apiVersion"]?.string)
                let kind = try #require(value["kind"]?.string)
                // plural.group; the core group has no dot.
                let dot = groupResource.firstIndex(of: ".")
                #expect(group(apiVersion) == dot.map { String(groupResource[$0...].dropFirst()) } ?? "")
                #expect(groupResource.hasPrefix(kind.lowercased().prefix(3)), "\(groupResource) holds a \(kind)")
                listed["\(apiVersion)/\(kind)", default: []].insert(
                    found.namespace.map { "\($0)/\(found.name)" } ?? found.name)
                count += 1
            }
        }
        #expect(count > 30)
        let resourceList = try JSONValue(parsing: try await zipped("b-resource-list.json.gz"))
        let told = try #require(resourceList.object).mapValues { Set(($0.array ?? []).compactMap(\.string)) }
        #expect(told == listed)
    }

    @Test func theMetadataIsABackupOfVeleros() async throws {
        let backup = try json(shop.stored("backups/b/velero-backup.json"))
        #expect(backup[path: "metadata", "name"] == "b")
        // Fields of the Backup type of velero.io/v1; an unknown one would be a word of our own.
        let spec: Set = [
            "metadata", "includedNamespaces", "excludedNamespaces", "includedResources", "excludedResources",
            "includedClusterScopedResources", "excludedClusterScopedResources", "includedNamespaceScopedResources",
            "excludedNamespaceScopedResources", "labelSelector", "orLabelSelectors", "snapshotVolumes", "ttl",
            "includeClusterResources", "hooks", "storageLocation", "volumeSnapshotLocations", "defaultVolumesToRestic",
            "defaultVolumesToFsBackup", "orderedResources", "csiSnapshotTimeout", "itemOperationTimeout",
            "resourcePolicy", "snapshotMoveData", "datamover", "uploaderConfig", "volumeGroupSnapshotLabelKey",
        ]
        let status: Set = [
            "version", "formatVersion", "expiration", "phase", "queuePosition", "validationErrors", "startTimestamp",
            "completionTimestamp", "volumeSnapshotsAttempted", "volumeSnapshotsCompleted", "failureReason", "warnings",
            "errors", "progress", "csiVolumeSnapshotsAttempted", "csiVolumeSnapshotsCompleted",
            "backupItemOperationsAttempted", "backupItemOperationsCompleted", "backupItemOperationsFailed",
            "hookStatus",
        ]
        #expect(Set((backup["spec"]?.object ?? [:]).keys).subtracting(spec) == [])
        #expect(Set((backup["status"]?.object ?? [:]).keys).subtracting(status) == [])
        #expect(Set((backup.object ?? [:]).keys) == ["apiVersion", "kind", "metadata", "spec", "status"])
        // metav1.Time is RFC 3339 in whole seconds; the expiration is what the TTL says.
        func time(_ field: String) throws -> Date {
            let text = try #require(backup[path: "status", field]?.string, "\(field)")
            return try #require(ISO8601DateFormatter().date(from: text), "\(field) is \(text)")
        }
        let start = try time("startTimestamp")
        #expect(try time("completionTimestamp") >= start)
        #expect(abs(try time("expiration").timeIntervalSince(start) - 86_400) <= 1)
        let progress = try #require(backup[path: "status", "progress"])
        #expect(progress["totalItems"]?.integer == progress["itemsBackedUp"]?.integer)
    }

    @Test func resultsAndLogsAreInVelerosWords() async throws {
        let results = try JSONValue(parsing: try await zipped("b-results.gz"))
        #expect(Set((results.object ?? [:]).keys) == ["errors", "warnings"])
        for part in results.object?.values.map({ $0 }) ?? [] {
            #expect(Set((part.object ?? [:]).keys).subtracting(["velero", "cluster", "namespaces"]) == [])
        }
        let lines = try await zipped("b-logs.gz").split(separator: "\n")
        #expect(lines.count > 10)
        let form =
            /time="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ" level=(debug|info|warning|error) msg="([^"\\]|\\.)*"( \w+="([^"\\]|\\.)*")*/
        for line in lines { #expect(line.wholeMatch(of: form) != nil, "\(line)") }
        let logs = try await shop.godwit("backup", "logs", "b")
        #expect(logs.status == 0 && logs.output.hasPrefix("time="), "\(logs)")
    }
}
