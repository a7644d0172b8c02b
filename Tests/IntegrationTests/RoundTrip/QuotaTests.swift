import GodwitModel
import ProgramTestKit
import Testing

/// A quota that counts custom resources of a CRD which the restore itself brings: the server refuses them until its
/// quota controller has found the kind.
@Suite(.enabled(if: Testbed.isThere, Testbed.hint))
struct QuotaTests {
    @Test func customResourcesUnderAQuota() async throws {
        try await Site.with("quota") { site in
            let run = Testbed.suffix()
            let namespace = "quota-\(run)"
            let group = "q\(run).example.com"
            let objects = try site.workspace.makeFolder("objects")
            for number in 0..<5 {
                try site.workspace.write(
                    """
                    apiVersion: \(group)/v1
                    kind: Gadget
                    metadata: {name: g\(number), namespace: \(namespace)}
                    spec: {size: \(number)}
                    """, to: "objects/g\(number).yaml")
            }
            try site.workspace.write(
                """
                apiVersion: apiextensions.k8s.io/v1
                kind: CustomResourceDefinition
                metadata: {name: gadgets.\(group)}
                spec:
                  group: \(group)
                  scope: Namespaced
                  names: {plural: gadgets, singular: gadget, kind: Gadget, listKind: GadgetList}
                  versions:
                  - name: v1
                    served: true
                    storage: true
                    schema:
                      openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
                """, to: "objects/crd.yaml")
            try site.workspace.write(
                "{apiVersion: v1, kind: Namespace, metadata: {name: \(namespace)}}", to: "objects/ns.yaml")
            let backup = try await site.godwit("backup", "create", "b", "--cluster", "dir:\(objects)")
            try #require(backup.status == 0, "\(backup)")
            try await site.kubectl(.destination, "create", "namespace", namespace)
            try await ensuring {
                try await site.kubectl(
                    .destination, "create", "quota", "q", "-n", namespace, "--hard=count/gadgets.\(group)=10")
                let restore = try site.start(
                    ["restore", "create", "r", "--from-backup", "b", "-o", "json"], on: .destination)
                // The controller looks for new kinds every half minute, but at a quota only every five, unless it changes.
                let nudging = Task {
                    for limit in 11... {
                        try await Task.sleep(for: .seconds(3))
                        try await site.kubectl(
                            .destination, "patch", "quota", "q", "-n", namespace, "--type=merge", "-p",
                            #"{"spec":{"hard":{"count/gadgets.\#(group)":"\#(limit)"}}}"#)
                    }
                }
                let ended = await restore.wait()
                nudging.cancel()
                #expect(ended.status == 0, "\(ended)")
                let outcomes = try Site.outcomes(ended)
                #expect(outcomes["failed"] == nil && outcomes["created"] == 6, "\(outcomes)")
                let log = try await site.godwit("restore", "logs", "r")
                #expect(log.output.contains("waiting for a quota of the namespace: "), "\(log)")
                let names = try await site.kubectl(
                    .destination, "get", "gadgets.\(group)", "-n", namespace, "-o", "name")
                #expect(names.split(separator: "\n").count == 5)
            } afterwards: {
                try await site.kubectl(.destination, "delete", "namespace", namespace, "--wait=false")
                try await site.kubectl(
                    .destination, "delete", "crd", "gadgets.\(group)", "--wait=false", "--ignore-not-found")
            }
        }
    }
}
