import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// A volume on btrfs that changes all the time, through the program.
@Suite(
    .enabled(if: LoopFilesystem.obstacle == nil, Comment(rawValue: LoopFilesystem.obstacle ?? "")),
    .enabled(if: CSISite.isThere, "needs the testbed"), .serialized)
struct BtrfsProgramTests {
    /// The writer replaces two files in turn, always the first before the second: at one moment they are equal, or the
    /// first is one ahead. Read while they change, among the many files between them, they would differ by more.
    private static let writer = """
        cd VOLUME
        for number in {1..3000}; do echo $number >a/x$number; done
        number=0
        while true; do
            number=$((number + 1))
            echo $number >.new && mv .new a-first
            echo $number >.new && mv .new z-last
        done
        """

    @Test(.timeLimit(.minutes(15))) func movedDataIsOfOneMoment() async throws {
        let filesystem = try LoopFilesystem()
        let volume = try filesystem.makeVolume(isSubvolume: true)
        try FileManager.default.createDirectory(atPath: "\(volume)/a", withIntermediateDirectories: true)
        let workspace = filesystem.workspace
        let suffix = UUID().uuidString.prefix(8).lowercased()
        let namespace = "btrfs-\(suffix)"
        func kubectl(_ arguments: String...) async throws -> String {
            let run = try await workspace.start(
                program: CSISite.value("KUBECTL") ?? "", ["--kubeconfig", CSISite.Side.source.kubeconfig] + arguments
            ).wait()
            try #require(run.status == 0, "\(run)")
            return run.output
        }
        let objects = try workspace.write(
            """
            apiVersion: v1
            kind: PersistentVolume
            metadata: {name: \(namespace)}
            spec:
              capacity: {storage: 1Gi}
              accessModes: [ReadWriteOnce]
              persistentVolumeReclaimPolicy: Retain
              storageClassName: \(namespace)
              claimRef: {namespace: \(namespace), name: data}
              local: {path: \(volume)}
              nodeAffinity:
                required:
                  nodeSelectorTerms:
                  - matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [node-1]}]
            ---
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata: {name: data, namespace: \(namespace)}
            spec:
              accessModes: [ReadWriteOnce]
              storageClassName: \(namespace)
              volumeName: \(namespace)
              resources: {requests: {storage: 1Gi}}
            """, to: "objects.yaml")
        _ = try await kubectl("create", "namespace", namespace)
        _ = try await kubectl("create", "-f", objects)
        try await eventually("the claim is bound") {
            try await kubectl("get", "pvc", "data", "-n", namespace, "-o", "jsonpath={.status.phase}") == "Bound"
        }
        let set = try await workspace.godwit(
            "snapshot-location", "set", "disk", "godwit.io/btrfs", "--config",
            "directory=\(filesystem.path(".snapshots")),node=node-1")
        try #require(set.status == 0, "\(set)")
        let writer = try workspace.start(
            program: "/bin/bash", ["-c", Self.writer.replacingOccurrences(of: "VOLUME", with: volume)])
        try await eventually("the writer writes") { FileManager.default.fileExists(atPath: "\(volume)/z-last") }
        let common = ["--storage", "file://\(try workspace.makeFolder("store"))"]
        let cluster = ["--kubeconfig", CSISite.Side.source.kubeconfig]
        for name in ["b", "c"] {
            let backup = try await workspace.godwit(
                [
                    "backup", "create", name, "--include-namespaces", namespace, "--snapshot-volumes",
                    "--snapshot-move-data", "--node", "node-1",
                ] + common + cluster)
            try #require(backup.status == 0, "\(backup)")
            // Nothing that stands still has changed while it was read.
            #expect(!backup.errors.contains("changed or vanished"), "\(backup)")
        }
        writer.signal(SIGKILL)
        _ = await writer.wait()
        #expect(try FileManager.default.contentsOfDirectory(atPath: filesystem.path(".snapshots")) == [])
        let described = try await workspace.godwit(["backup", "describe", "c", "--details", "-o", "json"] + common)
        let row = try #require(try JSONValue(parsing: described.output)["volumes"]?.array?.first)
        #expect(row["method"] == "snapshot" && row["phase"] == "Completed" && row["volumeSnapshot"] == nil, "\(row)")
        // The second one found the files of the first: only what the writer touches is new.
        let new = try #require(row[path: "totals", "newBytes"]?.integer)
        let all = try #require(row[path: "totals", "bytes"]?.integer)
        #expect(new < all / 2, "\(row)")
        let snapshot = try #require(row["snapshot"]?.string)
        let restore = try await workspace.godwit(
            ["volume", "restore", snapshot, "--to", workspace.path("out")] + common)
        try #require(restore.status == 0, "\(restore)")
        func number(_ name: String) throws -> Int {
            let text = try String(contentsOfFile: workspace.path("out/\(name)"), encoding: .utf8)
            return try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        }
        let (first, last) = (try number("a-first"), try number("z-last"))
        #expect(first == last || first == last + 1, "\(first) and \(last)")
        _ = try await kubectl("delete", "namespace", namespace, "--wait=false")
        _ = try await kubectl("delete", "pv", namespace, "--wait=false")
    }
}
