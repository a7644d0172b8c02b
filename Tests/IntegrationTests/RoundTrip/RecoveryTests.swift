import Foundation
import GodwitModel
import ProgramTestKit
import Testing

extension ClusterScoped {
    /// The parts of docs/recovery.md that need servers, run word for word: from a bucket with curl, into a cluster with kubectl;
    /// and the demo on a cluster, which uses the same sample.
    @Suite(.serialized, .enabled(if: Testbed.isThere, Testbed.hint))
    struct RecoveryTests {
        /// The kinds that the document restores, as kubectl names them.
        private static let kinds =
            "configmaps,secrets,services,serviceaccounts,deployments,statefulsets,jobs,cronjobs,ingresses,roles,"
            + "rolebindings,networkpolicies,resourcequotas,limitranges,horizontalpodautoscalers,poddisruptionbudgets,"
            + "persistentvolumeclaims,campaigns.shop.example.com"

        private func names(_ site: Site, _ side: Testbed.Side, _ namespace: String) async throws -> Set<String> {
            let text = try await site.kubectl(side, "get", Self.kinds, "-n", namespace, "-o", "name")
            return Set(text.split(separator: "\n").map(String.init).filter { !$0.contains("-token-") })
        }

        @Test func everythingComesBackWithPlainTools() async throws {
            try await Site.with("recovery") { site in
                let namespace = "recover-\(Testbed.suffix())"
                try await site.godwit("backup", "create", "sample", "--cluster", "dir:\(Checkout.path("samples/shop"))")
                    .expectSuccess()
                try await ensuring {
                    try await site.restore(
                        "sample-\(namespace)", from: "sample", "--namespace-mappings", "shop:\(namespace)", to: .source)
                    try await site.backUp("shop-1", "--include-namespaces", namespace)
                    try await runDocument(site)
                    // The controllers of both clusters make what belongs to them in their own time.
                    try await eventually("the destination holds the same objects") {
                        try await names(site, .source, namespace) == names(site, .destination, namespace)
                    }
                } afterwards: {
                    for side in [Testbed.Side.source, .destination] {
                        try await WorldBuilder.release(site, side, label: "velero.io/restore-name=sample-\(namespace)")
                    }
                }
            }
        }

        private func runDocument(_ site: Site) async throws {
            let work = try site.workspace.makeFolder("work")
            let credentials = site.workspace.environment
            try site.workspace.write(
                "user = \"\(credentials["AWS_ACCESS_KEY_ID"] ?? ""):\(credentials["AWS_SECRET_ACCESS_KEY"] ?? "")\"\n",
                to: "work/curlrc")
            let script = try ShellDocument("docs/recovery.md").script(["s3", "cluster"])
            let endpoint = "\(Testbed.value("RADOSGW_ENDPOINT"))/\(Testbed.value("RADOSGW_BUCKET"))/\(site.prefix)"
            let tools = (Testbed.value("KUBECTL") as NSString).deletingLastPathComponent
            let run = try await site.workspace.bash(
                // The document unpacks into `all`; here the bucket is where it comes from.
                "ln -s bucket \"$WORK/all\"\n" + script,
                environment: [
                    "WORK": work, "BACKUP": "shop-1", "URL": endpoint, "REGION": Testbed.value("RADOSGW_REGION"),
                    "KUBECONFIG": Testbed.Side.destination.kubeconfig,
                    "PATH": tools + ":" + (credentials["PATH"] ?? ""),
                ])
            #expect(run.status == 0, "\(run)")
            let ranged = try JSONValue(
                parsing: Array(try Data(contentsOf: URL(fileURLWithPath: work + "/ranged.json"))))
            #expect(ranged[path: "metadata", "name"] == "web")
        }

        @Test func theDemoOnACluster() async throws {
            let site = try Site("demo")
            let path = (Testbed.value("KUBECTL") as NSString).deletingLastPathComponent
            let run = try await site.workspace.start(
                program: Checkout.path("scripts/demo"), [Checkout.godwit],
                environment: [
                    "DEMO_CLUSTER": "1", "KUBECONFIG": Testbed.Side.source.kubeconfig,
                    "PATH": path + ":" + (site.workspace.environment["PATH"] ?? ""),
                ]
            ).wait()
            #expect(run.status == 0 && run.output.hasSuffix("\ndemo: ok\n"), "\(run)")
            let left = try await site.kubectl(.source, "get", "pv,sc,crd,clusterrole,priorityclass", "-o", "name")
            #expect(!left.contains("shop"), "\(left)")
        }
    }
}
