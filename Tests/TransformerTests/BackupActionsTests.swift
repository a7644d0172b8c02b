import BackupActions
import GodwitModel
import GodwitPluginAPI
import Synchronization
import Testing

@Suite struct BackupActionsTests {
    private let backup = Backup(name: "b", spec: BackupSpec())

    @Test func aPodBringsItsClaims() async throws {
        let pod = try object(
            """
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"shop"},"spec":{"priorityClassName":"high",
            "volumes":[{"name":"a","persistentVolumeClaim":{"claimName":"data"}},{"name":"b","emptyDir":{}}]}}
            """)
        let outcome = try await PodBackupAction().execute(pod, backup: backup)
        #expect(outcome.item == nil)
        #expect(
            outcome.additionalItems == [
                identity("priorityclasses.scheduling.k8s.io", nil, "high"),
                identity("persistentvolumeclaims", "shop", "data"),
            ])
    }

    @Test(arguments: [("Bound", "pv-1", 1), ("Pending", "pv-1", 0), ("Bound", "", 0)])
    func aBoundClaimBringsItsVolume(phase: String, volume: String, count: Int) async throws {
        let claim = try object(
            """
            {"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data","namespace":"shop"},
            "spec":{"volumeName":"\(volume)"},"status":{"phase":"\(phase)"}}
            """)
        let outcome = try await PersistentVolumeClaimBackupAction().execute(claim, backup: backup)
        #expect(outcome.additionalItems == Array(repeating: identity("persistentvolumes", nil, volume), count: count))
    }

    private func binding(
        _ kind: String, _ name: String, in namespace: String? = nil, role: String = "ClusterRole", _ subject: JSONValue
    ) -> KubernetesObject {
        var binding = KubernetesObject([
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": .string(kind), "metadata": ["name": .string(name)],
            "roleRef": ["kind": .string(role), "name": .string("\(name)-role")], "subjects": [subject],
        ])
        binding.namespace = namespace
        return binding
    }

    @Test func aServiceAccountBringsItsBindings() async throws {
        let account: JSONValue = ["kind": "ServiceAccount", "name": "web", "namespace": "shop"]
        let bindings = [
            binding("ClusterRoleBinding", "a", account),
            binding("ClusterRoleBinding", "b", ["kind": "User", "name": "system:serviceaccount:shop:web"]),
            binding("ClusterRoleBinding", "c", ["kind": "Group", "name": "system:serviceaccounts:shop"]),
            binding("ClusterRoleBinding", "x", ["kind": "ServiceAccount", "name": "web", "namespace": "other"]),
            binding("ClusterRoleBinding", "y", ["kind": "User", "name": "web"]),
            binding("RoleBinding", "d", in: "shop", role: "Role", account),
            binding("RoleBinding", "z", in: "elsewhere", account),
        ]
        let calls = Mutex(0)
        let action = ServiceAccountBackupAction {
            calls.withLock { $0 += 1 }
            return bindings
        }
        let item = try object(
            #"{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"web","namespace":"shop"}}"#)
        let rbac = "rbac.authorization.k8s.io"
        let expected =
            ["a", "b", "c"].flatMap { name in
                [
                    identity("clusterrolebindings.\(rbac)", nil, name),
                    identity("clusterroles.\(rbac)", nil, "\(name)-role"),
                ]
            } + [identity("rolebindings.\(rbac)", "shop", "d"), identity("roles.\(rbac)", "shop", "d-role")]
        for _ in 0..<3 {
            let outcome = try await action.execute(item, backup: backup)
            #expect(outcome.additionalItems == expected.sorted())
        }
        #expect(calls.withLock { $0 } == 1)
    }

    @Test func aFailedLookupFailsTheItemAndIsTriedAgain() async throws {
        struct Fault: Error {}
        let calls = Mutex(0)
        let action = ServiceAccountBackupAction {
            if calls.withLock({
                $0 += 1; return $0
            }) == 1 {
                throw Fault()
            }
            return []
        }
        let item = try object(#"{"kind":"ServiceAccount","metadata":{"name":"web","namespace":"shop"}}"#)
        await #expect(throws: Fault.self) { try await action.execute(item, backup: backup) }
        #expect(try await action.execute(item, backup: backup).additionalItems.isEmpty)
    }
}
