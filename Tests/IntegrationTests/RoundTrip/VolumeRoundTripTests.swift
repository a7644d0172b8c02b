import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// The volumes of pods that run and write, from a cluster into the bucket and into the other cluster.
@Suite(
    .enabled(if: Testbed.isThere, Testbed.hint),
    .enabled(
        if: TestEnvironment["GODWIT_TEST_NODE_NAME"] != nil,
        "needs a node that runs pods: scripts/testbed start node; eval \"$(scripts/testbed env)\""),
    .enabled(if: Workspace.isRoot, "only root may read what a pod wrote"), .serialized)
struct VolumeRoundTripTests {
    @Test(.timeLimit(.minutes(30))) func aHostPathThatIsWrittenTo() async throws {
        try await Writer.with("hostpath", source: { "hostPath: {path: \($0), type: DirectoryOrCreate}" }) { writer in
            let site = writer.site
            let run = try await site.godwit(
                ["backup", "create", "b", "--include-namespaces", writer.namespace, "--node", Writer.node],
                on: .source)
            // What changes while it is read is told, and is no failure.
            try #require(run.status == 0, "\(run)")
            let row = try await writer.row(of: "b")
            #expect(row["phase"]?.string == "Completed" && row[path: "totals", "errors"]?.integer == 0, "\(row)")
            #expect(row["reason"]?.string == "annotation of pod 'writer'" && row["path"]?.string == writer.directory)

            try await writer.restoreElsewhere("b")
            try await writer.expectRestored()

            // Beside the original the volume would be the same directory: nothing is written into it.
            let before = try await writer.stillFiles(in: writer.directory)
            let clone = try await site.godwit(
                [
                    "restore", "create", "clone", "--from-backup", "b", "--node", Writer.node,
                    "--namespace-mappings", "\(writer.namespace):\(writer.namespace)-2",
                    "--existing-resource-policy", "replace",
                ], on: .source)
            #expect(clone.status == 3 && clone.errors.contains("is the same as"), "\(clone)")
            #expect(clone.errors.contains("held back"), "\(clone)")
            #expect(try await writer.stillFiles(in: writer.directory) == before)
        }
    }

    @Test(.timeLimit(.minutes(30))) func aLocalVolumeWhereTheKubeletMountsIt() async throws {
        let affinity = """
            local: {path: PATH}
              nodeAffinity:
                required:
                  nodeSelectorTerms:
                  - matchExpressions:
                    - {key: kubernetes.io/hostname, operator: In, values: [\(Writer.node)]}
            """
        try await Writer.with("local", source: { affinity.replacing("PATH", with: $0) }) { writer in
            let site = writer.site
            // This machine is not that node, as far as it is told: the volume is an error, and the rest is backed up.
            let elsewhere = try await site.godwit(
                ["backup", "create", "e", "--include-namespaces", writer.namespace, "--node", "elsewhere"], on: .source)
            #expect(elsewhere.status == 3 && elsewhere.errors.contains("on node \(Writer.node)"), "\(elsewhere)")
            let run = try await site.godwit(
                [
                    "backup", "create", "b", "--include-namespaces", writer.namespace, "--node", "elsewhere",
                    "--kubelet-root", Testbed.value("NODE_KUBELET_ROOT"),
                ], on: .source)
            try #require(run.status == 0, "\(run)")
            let row = try await writer.row(of: "b")
            #expect(row["path"]?.string?.contains("/pods/") == true && row["phase"]?.string == "Completed", "\(row)")
            try FileManager.default.createDirectory(atPath: writer.target, withIntermediateDirectories: true)
            try await writer.restoreElsewhere("b")
            try await writer.expectRestored()
        }
    }
}

/// A pod that writes into its volume as fast as it can, beside files that nobody touches.
private struct Writer {
    static let node = Testbed.value("NODE_NAME")

    let site: Site
    let namespace: String
    /// The volume's directory, and the one that the restored volume gets.
    let directory: String
    let target: String

    /// Runs a test beside the running pod, and removes everything from both clusters.
    ///
    /// - Parameter source: where the PersistentVolume has its data, as YAML, for a directory.
    static func with(
        _ name: String, source: (String) -> String, _ body: (Writer) async throws -> Void
    ) async throws {
        try await Site.with("volume-\(name)") { site in
            let writer = Writer(
                site: site, namespace: "writer-\(Testbed.suffix())",
                directory: try site.workspace.makeFolder("live"), target: site.workspace.path("target"))
            try await ensuring {
                try await writer.start(source(writer.directory))
                try await body(writer)
            } afterwards: {
                for side in [Testbed.Side.source, .destination] {
                    for namespace in [writer.namespace, writer.namespace + "-2"] {
                        try await site.kubectl(
                            side, "delete", "pods", "--all", "-n", namespace, "--force", "--grace-period=0",
                            "--ignore-not-found")
                        try await site.kubectl(
                            side, "delete", "namespace", namespace, "--wait=false", "--ignore-not-found")
                    }
                    try await site.kubectl(
                        side, "delete", "persistentvolumes", "-l", "writer=\(writer.namespace)", "--wait=false")
                }
            }
        }
    }

    private func start(_ source: String) async throws {
        let made = try await site.workspace.bash(
            """
            cd '\(directory)'; mkdir -p still/deep; head -c 3000000 /dev/urandom >still/noise
            truncate -s 8M still/sparse; printf end >>still/sparse; ln -s noise still/link; ln still/noise still/hard
            setfattr -n user.note -v kept still/noise; setfacl -m u:1234:r still/noise; mkfifo still/fifo
            touch -d 2001-02-03T04:05:06.789 still/deep; touch "$(printf 'still/\\377bytes')"
            """)
        try #require(made.status == 0, "\(made)")
        let manifests = try site.workspace.write(manifests(source), to: "writer.yaml")
        try await site.kubectl(.source, "create", "namespace", namespace)
        // A new namespace has its service account, which a pod needs, only after a moment.
        for _ in 0..<600 {
            let accounts = try await site.kubectl(.source, "get", "serviceaccounts", "-n", namespace, "-o", "name")
            if accounts.contains("default") { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        try await site.kubectl(.source, "apply", "-f", manifests)
        try await site.kubectl(
            .source, "wait", "--for=condition=Ready", "pod/writer", "-n", namespace, "--timeout=120s")
        while try log(in: directory).count < 20 { try await Task.sleep(for: .milliseconds(50)) }
    }

    private func manifests(_ source: String) -> String {
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: \(namespace), labels: {writer: \(namespace)}}
        spec:
          capacity: {storage: 1Gi}
          accessModes: [ReadWriteOnce]
          persistentVolumeReclaimPolicy: Retain
          storageClassName: ""
          claimRef: {namespace: \(namespace), name: data}
          \(source)
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data, namespace: \(namespace)}
        spec:
          accessModes: [ReadWriteOnce]
          storageClassName: ""
          volumeName: \(namespace)
          resources: {requests: {storage: 1Gi}}
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: writer
          namespace: \(namespace)
          annotations: {backup.velero.io/backup-volumes: files}
        spec:
          terminationGracePeriodSeconds: 0
          containers:
          - name: writer
            image: \(Testbed.value("NODE_IMAGE"))
            imagePullPolicy: IfNotPresent
            command:
            - sh
            - -c
            - |
              i=0
              while true; do
                i=$((i + 1)); echo $i >>/data/log; echo $i >/data/file-$((i % 40)); rm -f /data/file-$(((i + 20) % 40))
              done
            volumeMounts: [{name: files, mountPath: /data}]
          volumes: [{name: files, persistentVolumeClaim: {claimName: data}}]

        """
    }

    /// The row of the volume in a backup.
    func row(of backup: String) async throws -> JSONValue {
        let run = try await site.godwit("backup", "describe", backup, "--details", "-o", "json")
        try #require(run.status == 0, "\(run)")
        return try #require(try JSONValue(parsing: run.output)["volumes"]?.array?.first)
    }

    /// Restores into the other cluster, where the volume gets another directory.
    func restoreElsewhere(_ backup: String) async throws {
        let modifiers = try site.workspace.write(
            """
            version: v1
            resourceModifierRules:
            - conditions: {groupResource: persistentvolumes}
              patches:
              - {operation: replace, path: /spec/hostPath/path, value: "\(target)"}
            """.replacing("hostPath", with: try await kind()), to: "modifiers.yaml")
        let run = try await site.godwit(
            [
                "restore", "create", "r", "--from-backup", backup, "--resource-modifiers", modifiers, "--node",
                Self.node, "--verify-volumes",
            ], on: .destination)
        try #require(run.status == 0, "\(run)")
        #expect(run.output.contains("1 volume filled"), "\(run)")
    }

    private func kind() async throws -> String {
        let text = try await site.kubectl(.source, "get", "persistentvolume", namespace, "-o", "json")
        return try JSONValue(parsing: text)[path: "spec", "local"] == nil ? "hostPath" : "local"
    }

    /// What nobody touched is equal; what was written to is a state that there was.
    func expectRestored() async throws {
        #expect(try await stillFiles(in: target) == stillFiles(in: directory))
        let (old, now) = (try log(in: target), try log(in: directory))
        #expect(!old.isEmpty && now.starts(with: old.dropLast()), "\(old.count) lines of \(now.count)")
        let pods = try await site.kubectl(.destination, "get", "pods", "-n", namespace, "-o", "name")
        #expect(pods.contains("writer"))
    }

    /// Names, kinds, modes, owners, times, sizes, blocks, links, attributes and content.
    func stillFiles(in folder: String) async throws -> String {
        let run = try await site.workspace.bash(
            """
            cd '\(folder)/still'
            find . -printf '%P %y %m %U:%G %T@ %s %n %l\\n' | LC_ALL=C sort | od -c
            find . -type f -exec sha256sum {} + | LC_ALL=C sort | od -c
            getfattr -dR . ; getfacl -R . ; test "$(stat -c %b sparse)" -lt 1000
            """)
        try #require(run.status == 0, "\(run)")
        return run.output
    }

    private func log(in folder: String) throws -> [Substring] {
        guard let data = FileManager.default.contents(atPath: folder + "/log") else { return [] }
        return String(decoding: data, as: UTF8.self).split(separator: "\n")
    }
}
