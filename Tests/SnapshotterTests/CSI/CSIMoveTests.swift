import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// The data of CSI snapshots on its way into the repository: a real kubelet mounts what the played driver makes of them.
@Suite(
    .enabled(if: CSISite.isThere, "needs the testbed"),
    .enabled(
        if: CSISite.value("NODE_NAME") != nil,
        "needs a node that runs pods: scripts/testbed start node; eval \"$(scripts/testbed env)\""),
    .enabled(if: Workspace.isRoot, "only root may read what a kubelet mounts"), .serialized)
struct CSIMoveTests {
    private static let node = CSISite.value("NODE_NAME") ?? ""

    private static func options(_ site: CSISite) throws -> [String] {
        [
            "backup", "create", "b", "--include-namespaces", site.namespace, "--snapshot-move-data",
            "--kubeconfig", CSISite.Side.source.kubeconfig, "--storage", try store(site),
        ]
    }

    private static func mounting(_ timeout: String = "2m") -> [String] {
        [
            "--kubelet-root", CSISite.value("NODE_KUBELET_ROOT") ?? "", "--node", node, "--mount-image",
            CSISite.value("NODE_IMAGE") ?? "", "--csi-snapshot-timeout", timeout,
        ]
    }

    private static func store(_ site: CSISite) throws -> String { "file://\(try site.workspace.makeFolder("store"))" }

    private static func row(_ site: CSISite) async throws -> JSONValue {
        let described = try await site.workspace.godwit(
            "backup", "describe", "b", "--details", "-o", "json", "--storage", try store(site))
        return try #require(try JSONValue(parsing: described.output)["volumes"]?.array?.first, "\(described)")
    }

    /// Nothing is left in the namespace but the claim, and nothing of the volume that was made of the snapshot.
    private static func expectNothingLeft(_ site: CSISite) async throws {
        try await eventually("what mounted the snapshot is gone") {
            let claims = try await site.kubectl(.source, "get", "pods,pvc", "-n", site.namespace, "-o", "name")
            let volumes = try await site.kubectl(
                .source, "get", "pv", "-l", "godwit-driver=\(site.driver)", "-o", "name")
            return claims == "persistentvolumeclaim/data\n" && volumes.split(separator: "\n").count == 1
        }
        #expect(try await site.hasNoObjects())
        #expect(await site.player.volumes.count == 1)
    }

    @Test(.timeLimit(.minutes(15)), arguments: ["Immediate", "WaitForFirstConsumer"])
    func thereAndBackThroughTheRepository(binding: String) async throws {
        try await CSISite.with { site in
            try await site.makeClass("fast")
            try await site.makeStorageClass(binding: binding)
            await site.player.use(
                DriverPlayer.Disk(node: Self.node, directory: try site.workspace.makeFolder("disk")))
            _ = try await site.makeClaim("data", holding: "precious")
            let backup = try await site.workspace.godwit(try Self.options(site) + Self.mounting())
            try #require(backup.status == 0, "\(backup)")
            let row = try await Self.row(site)
            #expect(row["method"] == "snapshot" && row["phase"] == "Completed", "\(row)")
            #expect(row["volumeSnapshot"] == nil && row[path: "totals", "files"] == 1, "\(row)")
            #expect(row["path"]?.string?.contains("/pods/") == true, "the kubelet has mounted it: \(row)")
            let content = try await site.workspace.godwit(
                "volume", "cat", row["snapshot"]?.string ?? "", "content", "--storage", try Self.store(site))
            #expect(content.output == "precious", "\(content)")
            #expect(await site.player.snapshots.isEmpty)
            #expect(await site.player.deletions == 1)
            try await Self.expectNothingLeft(site)

            // The claim of the restore gets an empty volume of the driver, which only a pod can mount.
            let copy = ClaimName(namespace: "\(site.namespace)-2", name: "data")
            let restore = [
                "restore", "create", "--from-backup", "b", "--namespace-mappings",
                "\(site.namespace):\(copy.namespace)",
            ]
            let cluster = ["--kubeconfig", CSISite.Side.source.kubeconfig, "--storage", try Self.store(site)]
            let restored = try await site.workspace.godwit(restore + cluster + Self.mounting().dropLast(2))
            try #require(restored.status == 0, "\(restored)")
            let directory = try await site.volume(of: copy)[path: "spec", "local", "path"]?.string ?? ""
            #expect(try String(contentsOfFile: "\(directory)/content", encoding: .utf8) == "precious")
            #expect(try await site.object(of: copy).annotations[ClaimName.unfilledAnnotation] == nil)
            let pods = try await site.kubectl(.source, "get", "pods", "-n", copy.namespace, "-o", "name")
            #expect(pods.isEmpty, "\(pods)")
        }
    }

    /// What the driver makes of the snapshot, no kubelet can mount: the snapshot stays, and the backup says why.
    @Test(.timeLimit(.minutes(15))) func whatCannotBeMountedStaysASnapshot() async throws {
        try await CSISite.with { site in
            try await site.makeClass("fast")
            _ = try await site.makeClaim("data", holding: "precious")
            let backup = try await site.workspace.godwit(try Self.options(site) + Self.mounting("45s"))
            #expect(backup.status == 0, "\(backup)")
            #expect(
                backup.errors.contains("was not moved and stays in the storage: after 45 s pod 'godwit-move-"),
                "\(backup)")
            #expect(backup.errors.contains(site.driver), "the kubelet's event says which driver it has not: \(backup)")
            let row = try await Self.row(site)
            #expect(row["phase"] == "Completed" && row["snapshot"] == nil, "\(row)")
            #expect(row[path: "volumeSnapshot", "driver"] == .string(site.driver), "\(row)")
            #expect(await site.player.snapshots.values.sorted() == ["precious"])
            try await Self.expectNothingLeft(site)
        }
    }

    @Test(.timeLimit(.minutes(15))) func withoutAKubeletItSaysWhatItNeeds() async throws {
        try await CSISite.with { site in
            try await site.makeClass("fast")
            _ = try await site.makeClaim("data", holding: "precious")
            let backup = try await site.workspace.godwit(try Self.options(site))
            #expect(backup.status == 0 && backup.errors.contains("give --kubelet-root"), "\(backup)")
            let stranger = try await site.workspace.godwit(
                try Self.options(site).map { $0 == "b" ? "c" : $0 } + [
                    "--kubelet-root", CSISite.value("NODE_KUBELET_ROOT") ?? "", "--node", "nobody",
                ])
            #expect(stranger.errors.contains("the cluster has no node 'nobody'"), "\(stranger)")
            #expect(await site.player.snapshots.values.sorted() == ["precious", "precious"])
            try await Self.expectNothingLeft(site)
        }
    }

    @Test(.timeLimit(.minutes(15))) func interruptedItLeavesNothing() async throws {
        try await CSISite.with { site in
            try await site.makeClass("fast")
            _ = try await site.makeClaim("data", holding: "precious")
            let program = try site.workspace.start(try Self.options(site) + Self.mounting("5m"))
            try await eventually("the pod is there") {
                try await site.kubectl(.source, "get", "pods", "-n", site.namespace, "-o", "name")
                    .contains("godwit-move-")
            }
            program.signal(SIGINT)
            let result = await program.wait()
            #expect(result.status == 130, "\(result)")
            try await Self.expectNothingLeft(site)
            #expect(await site.player.snapshots.isEmpty)
        }
    }
}
