import Foundation
import GodwitModel
import KubernetesClient
import ProgramTestKit
import Testing

/// What becomes of objects that are in the cluster already, by `--existing-resource-policy`.
@Suite(.serialized, .enabled(if: Testbed.isThere, Testbed.hint))
struct PolicyTests {
    /// A namespace that is backed up and then changed: `same` is as it was, `changed` has other data, `gone` is deleted,
    /// `frozen` is immutable and was made anew with other data, `new` is not in the backup.
    private func withChangedNamespace(_ body: (Site, _ namespace: String) async throws -> Void) async throws {
        try await Site.with("policy") { site in
            let namespace = "policy-\(Testbed.suffix())"
            try await site.kubectl(.source, "create", "namespace", namespace)
            try await ensuring {
                for name in ["same", "changed", "gone"] {
                    try await site.kubectl(
                        .source, "create", "configmap", name, "-n", namespace, "--from-literal=a=1",
                        "--from-literal=b=2")
                }
                try await makeFrozen(site, namespace, value: "old")
                try await site.backUp("b", "--include-namespaces", namespace)
                try await site.kubectl(
                    .source, "patch", "configmap", "changed", "-n", namespace, "--type=merge", "-p",
                    #"{"data":{"a":"other","b":null,"c":"3"},"metadata":{"labels":{"mine":"stays"}}}"#)
                try await site.kubectl(.source, "delete", "configmap", "gone", "frozen", "-n", namespace)
                try await makeFrozen(site, namespace, value: "new")
                try await site.kubectl(.source, "create", "configmap", "new", "-n", namespace)
                try await body(site, namespace)
            } afterwards: {
                try await site.kubectl(.source, "delete", "namespace", namespace, "--wait=false")
            }
        }
    }

    private func makeFrozen(_ site: Site, _ namespace: String, value: String) async throws {
        let path = try site.workspace.write(
            """
            {"apiVersion": "v1", "kind": "ConfigMap", "immutable": true, "data": {"v": "\(value)"},
             "metadata": {"name": "frozen", "namespace": "\(namespace)"}}
            """, to: "frozen.json")
        try await site.kubectl(.source, "create", "-f", path)
    }

    private func data(_ site: Site, _ namespace: String, _ name: String) async throws -> JSONValue? {
        let text = try await site.kubectl(.source, "get", "configmap", name, "-n", namespace, "-o", "json")
        return try JSONValue(parsing: text)["data"]
    }

    private func uid(_ site: Site, _ namespace: String, _ name: String) async throws -> String {
        try await site.kubectl(.source, "get", "configmap", name, "-n", namespace, "-o", "jsonpath={.metadata.uid}")
    }

    private func restore(_ site: Site, _ policy: String) async throws -> (ProgramResult, outcomes: [String: Int64]) {
        let run = try await site.godwit(
            "restore", "create", policy, "--from-backup", "b", "--existing-resource-policy", policy,
            "--include-resources", "configmaps", "-o", "json", on: .source)
        return (run, try Site.outcomes(run))
    }

    @Test func noneLeavesWhatDiffersAndWarns() async throws {
        try await withChangedNamespace { site, namespace in
            let (run, outcomes) = try await restore(site, "none")
            #expect(
                run.status == 0 && run.errors.contains("configmaps/\(namespace)/changed: exists and differs"), "\(run)")
            // `changed`, `frozen`, and the certificate that every cluster publishes itself.
            #expect(outcomes["created"] == 1 && outcomes["skipped"] == 3, "\(outcomes)")
            #expect(try await data(site, namespace, "changed") == ["a": "other", "c": "3"])
            #expect(try await data(site, namespace, "gone") == ["a": "1", "b": "2"])
        }
    }

    @Test func updateChangesWhatDiffers() async throws {
        try await withChangedNamespace { site, namespace in
            let before = try await uid(site, namespace, "changed")
            let (run, outcomes) = try await restore(site, "update")
            // What is immutable cannot be updated, and that is said.
            #expect(run.status == 3 && run.errors.contains("configmaps/\(namespace)/frozen"), "\(run)")
            #expect(outcomes["created"] == 1 && outcomes["updated"] == 1 && outcomes["failed"] == 1, "\(outcomes)")
            #expect(try await data(site, namespace, "changed") == ["a": "1", "b": "2"])
            #expect(try await uid(site, namespace, "changed") == before, "the object itself stays")
            #expect(try await data(site, namespace, "frozen") == ["v": "new"])
        }
    }

    @Test func replaceMakesThemAnew() async throws {
        try await withChangedNamespace { site, namespace in
            let before = try await uid(site, namespace, "changed")
            let same = try await uid(site, namespace, "same")
            let (run, outcomes) = try await restore(site, "replace")
            #expect(run.status == 0, "\(run)")
            #expect(outcomes["failed"] == nil && outcomes["created"] == 1, "\(outcomes)")
            #expect(try await data(site, namespace, "changed") == ["a": "1", "b": "2"])
            #expect(try await data(site, namespace, "frozen") == ["v": "old"])
            #expect(try await uid(site, namespace, "changed") != before)
            #expect(try await uid(site, namespace, "same") == same, "what is equal is not touched")
            _ = try await uid(site, namespace, "new")
        }
    }

    @Test func failSaysWhatIsThere() async throws {
        try await withChangedNamespace { site, namespace in
            let (run, outcomes) = try await restore(site, "fail")
            #expect(run.status == 3, "\(run)")
            #expect(run.errors.contains("configmaps/\(namespace)/changed"), "\(run)")
            #expect(outcomes["failed", default: 0] >= 2 && outcomes["created"] == 1, "\(outcomes)")
            #expect(try await data(site, namespace, "changed") == ["a": "other", "c": "3"])
        }
    }

    @Test(arguments: ["update", "replace", "none"])
    func adryRunPromisesWhatHappensAndDoesNothing(_ policy: String) async throws {
        try await withChangedNamespace { site, namespace in
            let before = try await site.kubectl(
                .source, "get", "configmaps", "-n", namespace, "-o", "jsonpath={.items[*].metadata.resourceVersion}")
            let dry = try await site.godwit(
                "restore", "create", "dry", "--from-backup", "b", "--existing-resource-policy", policy,
                "--include-resources", "configmaps", "--dry-run", "-o", "json", on: .source)
            let after = try await site.kubectl(
                .source, "get", "configmaps", "-n", namespace, "-o", "jsonpath={.items[*].metadata.resourceVersion}")
            #expect(before == after)
            let (_, outcomes) = try await restore(site, policy)
            #expect(try Site.outcomes(dry) == outcomes, "\(dry)")
        }
    }
}
