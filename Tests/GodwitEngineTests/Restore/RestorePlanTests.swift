import Foundation
import GodwitModel
import KubernetesClient
import Testing

@testable import GodwitEngine

struct RestorePlanTests {
    private static let objects = [
        Fixture.namespace("shop"), Fixture.namespace("empty"),
        Fixture.configMap("shop", "a", labels: ["app": "x"]), Fixture.configMap("shop", "b"),
        Fixture.configMap("other", "a"),
        Fixture.object("v1", "Secret", "shop", "s", labels: ["app": "x", "velero.io/exclude-from-backup": "true"]),
        Fixture.object("v1", "PersistentVolume", nil, "v"),
        Fixture.object("v1", "Node", nil, "n"),
        Fixture.definition("widgets", group: "example.com", kind: "Widget"),
        Fixture.object("example.com/v1", "Widget", "shop", "w"),
    ]

    private func plan(_ change: (inout RestoreSpec) -> Void) async throws -> RestorePlan {
        var rig = RestoreRig(Self.objects)
        change(&rig.spec)
        return try await rig.prepare().plan
    }

    private func items(_ plan: RestorePlan) -> [String] {
        plan.groups.joined().flatMap { step in
            step.items.sorted { $0.key < $1.key }.map { "\(step.resource)@\($0.key)=\($0.value)" }
        }
    }

    @Test func golden() async throws {
        let plan = try await plan { $0.namespaceMapping = ["shop": "shop-2"] }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(plan), as: UTF8.self) + "\n"
        #expect(text == GoldenPlan.text)
        #expect(try JSONDecoder().decode(RestorePlan.self, from: Data(text.utf8)) == plan)
    }

    @Test func namespaceBringsItsDefinitionsButNoOtherClusterResources() async throws {
        let plan = try await plan { $0.filter.namespaces.included = ["shop"] }
        #expect(
            items(plan) == [
                "customresourcedefinitions.apiextensions.k8s.io@=1", "namespaces@=1", "secrets@shop=1",
                "configmaps@shop=2", "widgets.example.com@shop=1",
            ])
    }

    @Test(arguments: [
        (true, ["namespaces@=1", "persistentvolumes@=1"]), (false, []), (nil, ["namespaces@=1"]),
    ])
    func clusterResources(include: Bool?, expected: [String]) async throws {
        let plan = try await plan {
            $0.filter.namespaces.included = ["shop"]
            $0.filter.resources.included = ["persistentvolumes", "namespaces"]
            $0.filter.includeClusterResources = include
        }
        #expect(items(plan) == expected)
    }

    @Test func labelSelectorsAreExactAndTheExcludeLabelIsNoneOfARestoresBusiness() async throws {
        let plan = try await plan { $0.filter.labelSelectors = [LabelSelector([.isIn(key: "app", values: ["x"])])] }
        #expect(items(plan) == ["secrets@shop=1", "configmaps@shop=1"])
        #expect(plan.omissions.contains { $0.reason.contains("label") && $0.items == 2 })
        let either = try await self.plan {
            $0.filter.labelSelectors = [
                LabelSelector([.isIn(key: "app", values: ["x"])]), LabelSelector([.doesNotExist(key: "app")]),
            ]
            $0.filter.resources.included = ["configmaps"]
        }
        #expect(items(either) == ["configmaps@other=1", "configmaps@shop=2"])
    }

    @Test func slipsOfThePen() async throws {
        await #expect(throws: RestoreError.namespacesNotInBackup(["shp"], backup: "nightly")) {
            try await plan { $0.filter.namespaces.included = ["shp", "sh*"] }
        }
        await #expect(throws: RestoreError.namespacesNotInBackup(["shp"], backup: "nightly")) {
            try await plan { $0.namespaceMapping = ["shp": "x"] }
        }
        let error = await #expect(throws: ItemFilterError.self) {
            try await plan { $0.filter.resources.included = ["configmap", "secrts"] }
        }
        #expect(error?.summary.contains("secrts") == true)
        // What only the backup knows may be named.
        let known = try await plan { $0.filter.resources.included = ["widget"] }
        #expect(items(known).last == "widgets.example.com@shop=1")
    }

    @Test func orderIsVelerosWithWebhooksLast() {
        let groups = RestoreOrder.standard.groups(
            [
                "validatingwebhookconfigurations.admissionregistration.k8s.io", "pods", "deployments.apps",
                "namespaces",
                "cronjobs.batch", "customresourcedefinitions.apiextensions.k8s.io", "clusters.cluster.x-k8s.io",
            ].map { GroupResource(parsing: $0) })
        #expect(
            groups.map { $0.map(\.description) } == [
                ["customresourcedefinitions.apiextensions.k8s.io"], ["namespaces"], ["pods"],
                ["cronjobs.batch", "deployments.apps"], ["clusters.cluster.x-k8s.io"],
                ["validatingwebhookconfigurations.admissionregistration.k8s.io"],
            ])
    }
}

enum GoldenPlan {
    static let text = """
        {
          "backup" : "nightly",
          "groups" : [
            [
              {
                "apiVersion" : "apiextensions.k8s.io/v1",
                "bytes" : 240,
                "items" : {
                  "" : 1
                },
                "resource" : "customresourcedefinitions.apiextensions.k8s.io"
              }
            ],
            [
              {
                "apiVersion" : "v1",
                "bytes" : 205,
                "items" : {
                  "" : 2
                },
                "resource" : "namespaces"
              }
            ],
            [
              {
                "apiVersion" : "v1",
                "bytes" : 69,
                "items" : {
                  "" : 1
                },
                "resource" : "persistentvolumes"
              }
            ],
            [
              {
                "apiVersion" : "v1",
                "bytes" : 138,
                "items" : {
                  "shop" : 1
                },
                "resource" : "secrets"
              }
            ],
            [
              {
                "apiVersion" : "v1",
                "bytes" : 316,
                "items" : {
                  "other" : 1,
                  "shop" : 2
                },
                "resource" : "configmaps"
              }
            ],
            [
              {
                "bytes" : 90,
                "items" : {
                  "shop" : 1
                },
                "resource" : "widgets.example.com"
              }
            ]
          ],
          "namespaces" : {
            "empty" : "empty",
            "other" : "other",
            "shop" : "shop-2"
          },
          "omissions" : [
            {
              "items" : 1,
              "reason" : "never restored",
              "resource" : "nodes"
            }
          ],
          "restore" : "again",
          "target" : "fake",
          "volumes" : [

          ]
        }

        """
}
