import Foundation
import GodwitModel
import KubernetesClient
import ProgramTestKit
import Testing

extension ClusterScoped {
    /// Everything that Kubernetes has, from one cluster through S3 into another, and into the same one under other names.
    @Suite(.serialized, .enabled(if: Testbed.isThere, Testbed.hint), .world)
    struct RoundTripTests {
        @Test func theWorldIsLarge() throws {
            let kinds = try World.current().original.kinds
            #expect(kinds.count >= 35, "\(kinds.sorted())")
        }

        @Test func aBackupIsWhole() async throws {
            let world = try World.current()
            let verify = try await world.site.godwit("backup", "verify", world.backup, "--details=true")
            #expect(verify.status == 0, "\(verify)")
            let diff = try await world.site.godwit(
                "backup", "diff", world.backup, "--exit-code", "-o", "json", on: .source)
            let differing = diff.output.split(separator: "\n").filter { $0.contains(world.run) }
            #expect(differing.isEmpty, "\(differing.prefix(20))")
        }

        /// The main job. It must be the first that writes to the destination.
        @Test func everythingComesBackInAnEmptyCluster() async throws {
            let world = try World.current()
            let outcomes = try await world.site.restore("first-\(world.run)", from: world.backup, to: .destination)
            #expect(outcomes["failed"] == nil, "\(outcomes)")
            try await expectEqual("the destination") {
                world.original.differences(from: try await world.snapshot(.destination))
            }
            // Nothing happened to the source.
            let now = try await world.snapshot(.source)
            #expect(world.original.differences(from: now).isEmpty)
        }

        @Test func customResourcesAreThereInBothVersions() async throws {
            let world = try World.current()
            let group = "w\(world.run).example.com"
            for version in ["v1alpha1", "v1"] {
                let widgets = APIResource(
                    groupVersion: GroupVersion(group: group, version: version), plural: "widgets", kind: "Widget",
                    isNamespaced: true, verbs: [])
                for name in ["first", "second"] {
                    let old = try #require(try await world.source.get(widgets, namespace: world.a, name: name))
                    let new = try #require(try await world.destination.get(widgets, namespace: world.a, name: name))
                    #expect(
                        try JSONValue(parsing: old.bytes)["spec"] == JSONValue(parsing: new.bytes)["spec"],
                        "\(name) at \(version)")
                }
            }
        }

        @Test func theSameAgainChangesNothing() async throws {
            let world = try World.current()
            let before = try await world.snapshot(.destination)
            let run = try await world.site.godwit(
                "restore", "create", "again", "--from-backup", world.backup, "-o", "json", on: .destination)
            #expect(run.status == 0, "\(run)")
            // What other tests have outside namespaces comes and goes.
            let details = try await world.site.godwit("restore", "describe", "again", "--details=true")
            let own = details.output.split(separator: "\n").filter { $0.contains(world.run) }
            let outcomes = Dictionary(grouping: own) { $0.prefix { $0 != " " } }
            #expect(outcomes["unchanged"] != nil && outcomes["skipped"] != nil, "\(details)")
            for outcome: Substring in ["created", "updated", "failed"] {
                #expect(outcomes[outcome] == nil, "\(outcomes[outcome, default: []])")
            }
            let differing = own.filter { $0.contains("exists and differs") }
            #expect(
                differing.allSatisfy { $0.contains("kube-root-ca.crt") },
                "only what belongs to the cluster itself differs: \(differing)")
            let after = try await world.snapshot(.destination)
            #expect(before.differences(from: after).isEmpty)
            // Controllers go on writing status; nobody but a restore would write these.
            #expect(after.passive.versions == before.passive.versions)
        }

        @Test func aDryRunChangesNothing() async throws {
            let world = try World.current()
            let before = try await world.snapshot(.source)
            let run = try await world.site.godwit(
                "restore", "create", "dry", "--from-backup", world.backup, "--dry-run", "-o", "json",
                "--namespace-mappings", "\(world.a):\(world.a)-dry", "--existing-resource-policy", "update", on: .source
            )
            #expect(run.status == 0, "\(run)")
            let outcomes = try Site.outcomes(run)
            #expect(outcomes["created", default: 0] > 30, "\(outcomes)")
            let after = try await world.snapshot(.source)
            #expect(before.differences(from: after).isEmpty)
            #expect(after.passive.versions == before.passive.versions)
            let namespaces = try await world.site.kubectl(.source, "get", "namespaces", "-o", "name")
            #expect(!namespaces.contains("\(world.a)-dry"))
            let restores = try await world.site.godwit("restore", "get", "-o", "name")
            #expect(!restores.output.split(separator: "\n").contains("dry"))
        }

        @Test func anotherNameOtherImagesAndOtherClassesInTheSameCluster() async throws {
            let world = try World.current()
            let outcomes = try await world.site.restore(
                "mapped", from: world.backup,
                "--namespace-mappings", "\(world.a):\(world.a)-m,\(world.b):\(world.b)-m",
                "--image-registry-mappings", "docker.io=mirror.example.com/hub,quay.io=mirror.example.com/quay",
                "--storage-class-mappings", "slow-\(world.run):fast-\(world.run)", "--reclaim-policy", "Delete",
                "--include-namespaces", "\(world.a),\(world.b)", to: .source)
            #expect(outcomes["failed"] == nil, "\(outcomes)")
            let expectation = MappedExpectation(world: world)
            try await expectEqual("the mapped namespaces") {
                let now = try await world.snapshot(.source, namespaces: ["\(world.a)-m", "\(world.b)-m"])
                return expectation.differences(from: now)
            }
            // What was there before is as it was.
            let now = try await world.snapshot(.source)
            #expect(world.original.differences(from: now).filter { !$0.contains("velero-clone-") }.isEmpty)
        }

        @Test func oneNamespaceOfMany() async throws {
            let world = try World.current()
            let outcomes = try await world.site.restore(
                "one", from: world.backup, "--include-namespaces", world.b, "--namespace-mappings",
                "\(world.b):\(world.b)-one",
                "--include-resources", "configmaps,secrets,widgets.w\(world.run).example.com", to: .destination)
            #expect(outcomes["failed"] == nil, "\(outcomes)")
            let names = try await world.site.kubectl(
                .destination, "get", "configmaps,secrets,widgets.w\(world.run).example.com", "-n", "\(world.b)-one",
                "-o",
                "name", "--field-selector", "metadata.name!=kube-root-ca.crt")
            let chosen = names.split(separator: "\n").filter { !$0.contains("-token-") }
            #expect(
                Set(chosen) == [
                    "configmap/settings", "secret/settings", "widget.w\(world.run).example.com/other",
                ])
        }

        @Test func selectors() async throws {
            let world = try World.current()
            try await world.site.restore(
                "picked", from: world.backup, "--include-namespaces", world.b, "--selector", "pick in (me)",
                "--namespace-mappings", "\(world.b):\(world.b)-pick", to: .destination)
            let names = try await world.site.kubectl(
                .destination, "get", "configmaps,secrets,widgets.w\(world.run).example.com", "-n", "\(world.b)-pick",
                "-o",
                "name", "--field-selector", "metadata.name!=kube-root-ca.crt")
            #expect(names.split(separator: "\n").filter { !$0.contains("-token-") } == ["configmap/settings"])
        }

        @Test func velerosFormatCarriesTheSame() async throws {
            let world = try World.current()
            try await world.site.backUp(
                "as-velero", "--format", "velero", "--include-namespaces", "\(world.a),\(world.b)",
                "--include-cluster-resources")
            try await world.site.restore(
                "from-velero", from: "as-velero", "--namespace-mappings",
                "\(world.a):\(world.a)-v,\(world.b):\(world.b)-v",
                "--include-namespaces", "\(world.a),\(world.b)", to: .destination)
            let expectation = MappedExpectation(
                world: world, ending: "-v", images: [:], storageClass: nil, reclaimPolicy: nil)
            try await expectEqual("what came through Velero's format") {
                let now = try await world.snapshot(.destination, namespaces: ["\(world.a)-v", "\(world.b)-v"])
                return expectation.differences(from: now)
            }
        }
    }
}
