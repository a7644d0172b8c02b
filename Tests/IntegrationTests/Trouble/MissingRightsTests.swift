import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// A user who may read next to nothing is told so in a line a cause, not in one a resource.
@Suite(.enabled(if: Testbed.isThere, Testbed.hint))
struct MissingRightsTests {
    /// Runs with a user of a test's own, who may list ConfigMaps and namespaces.
    private func withUser(_ body: (Site, String, String) async throws -> Void) async throws {
        try await Site.with("rights") { site in
            let user = "reader-\(Testbed.suffix())"
            let manifest = try site.workspace.write(
                """
                apiVersion: rbac.authorization.k8s.io/v1
                kind: ClusterRole
                metadata: {name: \(user)}
                rules:
                - {apiGroups: [""], resources: [configmaps, namespaces], verbs: [get, list]}
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: ClusterRoleBinding
                metadata: {name: \(user)}
                roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: \(user)}
                subjects:
                - {apiGroup: rbac.authorization.k8s.io, kind: User, name: \(user)}
                """, to: "rights.yaml")
            let admin = try String(contentsOfFile: Testbed.Side.source.kubeconfig, encoding: .utf8)
            let changed = admin.split(separator: "\n", omittingEmptySubsequences: false).map { line in
                guard let range = line.range(of: "token: ") else { return String(line) }
                let indent = line.distance(from: line.startIndex, to: range.lowerBound)
                return "\(line)\n\(String(repeating: " ", count: indent))as: \(user)"
            }.joined(separator: "\n")
            try #require(changed != admin)
            let kubeconfig = try site.workspace.write(changed, to: "user.kubeconfig")
            try await site.kubectl(.source, "apply", "-f", manifest)
            try await ensuring {
                try await body(site, user, kubeconfig)
            } afterwards: {
                try await site.kubectl(.source, "delete", "-f", manifest)
            }
        }
    }

    @Test func aBackup() async throws {
        try await withUser { site, user, kubeconfig in
            let run = try await site.godwit(["backup", "create", "b", "--kubeconfig", kubeconfig])
            #expect(run.status == 3, "\(run)")
            let errors = run.errors.split(separator: "\n").filter { $0.hasPrefix("error:") }
            #expect(errors.count == 1, "\(run)")
            let error = try #require(errors.first)
            #expect(error.contains("user '\(user)' may not list"), "\(error)")
            for resource in ["secrets", "deployments.apps", "clusterroles.rbac.authorization.k8s.io"] {
                #expect(error.contains(resource), "\(error)")
            }
            #expect(!error.contains("configmaps"))
            #expect(run.errors.contains("next: see what the user may do with 'kubectl auth can-i --list'"), "\(run)")
            let describe = try await site.godwit("backup", "describe", "b")
            #expect(describe.output.split(separator: "\n").filter { $0.contains("secrets") }.count == 1, "\(describe)")
            // The results keep each of them.
            let all = try await site.godwit("backup", "describe", "b", "-o", "json")
            let status = try JSONValue(parsing: all.output)
            let kept = status[path: "results", "errors", "velero"]?.array ?? []
            #expect(kept.count > 20 && Int64(kept.count) == status[path: "status", "errors"]?.integer, "\(kept.count)")
            let details = try await site.godwit("backup", "describe", "b", "--details")
            #expect(details.output.split(separator: "\n").filter { $0.contains("is forbidden: ") }.count == kept.count)
        }
    }
}
