import GodwitModel
import GodwitPluginAPI
import KubernetesClient
import Synchronization
import Testing

@testable import GodwitEngine

/// What mounts a snapshot goes again, whatever fails.
@Suite struct SnapshotMountTests {
    private static let claim = ClaimName(namespace: "shop", name: "data")

    /// A cluster in which every pod runs and every claim has a volume, and that forbids one kind of request.
    private final class Access: ClusterAccess {
        let description = "a cluster"
        let objects = Mutex<[ItemIdentity: KubernetesObject]>([:])
        /// What was asked of volumes.
        let policies = Mutex<[JSONValue]>([])
        private let forbidden: String

        private let claimsAreOf: String

        /// - Parameter claimsAreOf: when what is made was made; the volume is of the fifth second.
        init(forbidding forbidden: String, claimsAreOf: String = "2026-01-02T03:04:05Z") {
            self.forbidden = forbidden
            self.claimsAreOf = claimsAreOf
            let node = ItemIdentity(resource: .nodes, namespace: nil, name: "here")
            let volume = ItemIdentity(resource: .persistentVolumes, namespace: nil, name: "pv-1")
            for identity in [node, volume, SnapshotMountTests.claim.item] {
                objects.withLock {
                    $0[identity] = KubernetesObject([
                        "metadata": [
                            "name": .string(identity.name), "namespace": .string(identity.namespace ?? ""),
                            "creationTimestamp": "2026-01-02T03:04:05Z",
                        ]
                    ])
                }
            }
        }

        private func check(_ operation: String) throws {
            guard operation == forbidden else { return }
            throw ClusterError(.forbidden, operation: operation, cluster: description, reason: "no right")
        }

        func serves(_ resource: GroupResource) async throws -> Bool { true }

        func get(_ identity: ItemIdentity) async throws -> KubernetesObject? { objects.withLock { $0[identity] } }

        func list(_ resource: GroupResource, namespace: String?) async throws -> [KubernetesObject] { [] }

        func create(_ object: KubernetesObject, as resource: GroupResource) async throws -> KubernetesObject {
            try check("create \(resource)")
            var object = object
            object[path: "metadata", "creationTimestamp"] = .string(claimsAreOf)
            if resource == .pods { object["status"] = ["phase": "Running"] }
            if resource == .persistentVolumeClaims {
                object["status"] = ["phase": "Bound"]
                object[path: "spec", "volumeName"] = "pv-1"
            }
            let made = object
            let identity = ItemIdentity(resource: resource, namespace: made.namespace, name: made.name)
            objects.withLock { $0[identity] = made }
            return made
        }

        func patch(_ identity: ItemIdentity, with patch: JSONValue) async throws -> KubernetesObject {
            try check("patch \(identity.resource)")
            if let policy = patch[path: "spec", "persistentVolumeReclaimPolicy"] {
                policies.withLock { $0.append(policy) }
            }
            return KubernetesObject([:])
        }

        func delete(_ identity: ItemIdentity) async throws {
            try check("delete \(identity.resource)")
            objects.withLock { objects in
                objects[identity] = nil
                // The volume goes with its claim.
                if identity.resource == .persistentVolumeClaims {
                    objects[ItemIdentity(resource: .persistentVolumes, namespace: nil, name: "pv-1")] = nil
                }
            }
        }
    }

    @Test(arguments: ["", "patch persistentvolumes", "delete pods", "delete persistentvolumeclaims", "create pods"])
    func goesAgain(forbidden: String) async throws {
        let access = Access(forbidding: forbidden)
        let claims = ClaimSnapshotterFake()
        let warnings = Mutex<[String]>([])
        let recorder = RunRecorder(log: RunLog()) { event in
            if case .log(let line) = event, line.level == .warning { warnings.withLock { $0.append("\(line)") } }
        }
        var settings = ClaimMountSettings()
        settings.timeout = .milliseconds(300)
        let mount = SnapshotMount(
            of: Self.claim, backup: "b", cluster: access, claims: claims, mover: MoverFake(mountingNode: "here"),
            settings: settings, recorder: recorder)
        // The mover finds no directory: that is how each of these ends.
        await #expect(throws: (any Error).self) {
            try await mount.with(ClaimSnapshot(driver: "d", handle: "h")) { _ in }
        }
        let left = access.objects.withLock { $0.keys }.filter { $0.name.hasPrefix("godwit-move-") }.map(\.resource)
        #expect(left.map { "delete \($0)" }.allSatisfy { $0 == forbidden }, "\(left)")
        #expect(claims.withdrawn.count == 1, "the objects of the snapshot go in any case")
        let isTold = !warnings.withLock { $0 }.isEmpty
        #expect(isTold == !["", "create pods"].contains(forbidden), "\(warnings.withLock { $0 })")
    }

    /// A cluster may bind the claim to a volume that somebody else needs. It is not read, and does not go with the claim.
    @Test func aVolumeThatWasThereBeforeIsLeftAlone() async throws {
        let access = Access(forbidding: "", claimsAreOf: "2026-01-02T03:04:06Z")
        let warnings = Mutex<[String]>([])
        let recorder = RunRecorder(log: RunLog()) { event in
            if case .log(let line) = event, line.level == .warning { warnings.withLock { $0.append("\(line)") } }
        }
        let mount = SnapshotMount(
            of: Self.claim, backup: "b", cluster: access, claims: ClaimSnapshotterFake(),
            mover: MoverFake(mountingNode: "here"), settings: ClaimMountSettings(), recorder: recorder)
        let error = await #expect(throws: VolumeDataError.self) {
            try await mount.with(ClaimSnapshot(driver: "d", handle: "h")) { _ in Issue.record("it was read") }
        }
        #expect("\(error.map(\.advisedText) ?? "")".contains("'pv-1', which was there before"))
        #expect(access.policies.withLock { $0 } == ["Retain"])
        #expect(warnings.withLock { $0 }.contains { $0.contains("is released now") })
    }
}
