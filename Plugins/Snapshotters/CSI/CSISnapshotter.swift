import Crypto
public import GodwitModel
public import GodwitPluginAPI
import Streams
import Synchronization

/// Takes snapshots of claims of CSI drivers, through the external-snapshotter of the cluster.
///
/// A snapshot is taken by a VolumeSnapshot in the claim's namespace. When it is ready, the policy of its content is made
/// `Retain` and both objects go: what stays is the storage's snapshot, known by its handle. A restore makes objects for
/// the handle anew, and the claim names them as its data source. The deletion of a backup makes a content with the policy
/// `Delete`, and deletes it.
public final class CSISnapshotter: ClaimSnapshotter {
    /// `godwit.io/csi`
    public let name = "godwit.io/csi"
    let cluster: any ClusterAccess
    /// The classes, read once, and once more after a failure.
    private let classes = Mutex<Task<VolumeSnapshotClasses?, any Error>?>(nil)

    /// A snapshotter in a cluster.
    public init(cluster: any ClusterAccess) { self.cluster = cluster }

    /// The class that suits; nil for a volume without a driver, or whose driver has no class.
    public func offer(
        for claim: KubernetesObject, volume: KubernetesObject, backup: Backup
    ) async throws -> ClaimSnapshotOffer? {
        guard let driver = volume[path: "spec", "csi", "driver"]?.string, !driver.isEmpty,
            let classes = try await knownClasses()
        else { return nil }
        do {
            guard let found = try classes.choice(driver: driver, claim: claim, backup: backup) else { return nil }
            return ClaimSnapshotOffer(driver: driver, snapshotClass: found)
        } catch {
            throw VolumeSnapshotError(
                .invalidConfiguration, operation: "snapshot claim '\(claim.name)'", storage: cluster.description,
                reason: error.reason)
        }
    }

    /// Takes a snapshot.
    public func createSnapshot(
        of claim: ClaimName, with offer: ClaimSnapshotOffer, labels: [String: String], timeout: Duration
    ) async throws -> ClaimSnapshot {
        let name = "\(claim.name.prefix(200))-\(String(UInt64.random(in: 0...(.max)), radix: 36))"
        let object = SnapshotObjects.snapshot(name, of: claim, class: offer.snapshotClass, labels: labels)
        let identity = SnapshotObjects.identity(snapshot: name, in: claim.namespace)
        let operation = "snapshot claim '\(claim)'"
        var bound: String?
        var taken: ClaimSnapshot?
        do {
            // Once it is sent, its answer is waited for: else nobody knows whether there is something to clean up.
            _ = try await Task { [cluster] in
                try await cluster.create(object, as: SnapshotObjects.snapshots)
            }.value
            let content = try await readyContent(of: identity, operation, timeout) { bound = $0 }
            guard let handle = content.snapshotHandle else {
                throw error(.unavailable, operation, "it is ready, and its content '\(content.name)' has no handle")
            }
            let snapshot = ClaimSnapshot(
                driver: content[path: "spec", "driver"]?.string ?? offer.driver, handle: handle,
                snapshotClass: offer.snapshotClass, restoreSize: content[path: "status", "restoreSize"]?.integer)
            taken = snapshot
            try await forget(identity, content: content.name)
            return snapshot
        } catch {
            if let taken, let bound {
                try await discard(taken, identity, content: bound, after: error, operation, timeout)
            } else {
                try await discard(identity, content: bound, after: error, operation)
            }
            throw error
        }
    }

    /// A claim whose data source is a snapshot, and that asks for as much room as it needs.
    public func claim(
        _ claim: KubernetesObject, from snapshot: ClaimSnapshot, named name: String
    ) -> KubernetesObject {
        var claim = claim
        claim[path: "spec", "volumeName"] = nil
        claim[path: "spec", "dataSourceRef"] = nil
        claim[path: "spec", "dataSource"] = [
            "apiGroup": .string(SnapshotObjects.group), "kind": "VolumeSnapshot", "name": .string(name),
        ]
        let asked = claim[path: "spec", "resources", "requests", "storage"]?.string.flatMap(Quantity.bytes) ?? 0
        if let size = snapshot.restoreSize, size > asked {
            claim[path: "spec", "resources", "requests", "storage"] = .string("\(size)")
        }
        return claim
    }

    /// The snapshot that a claim's data source names.
    public func snapshotName(of claim: KubernetesObject) -> String? {
        let source = claim[path: "spec", "dataSource"]
        guard source?["kind"]?.string == "VolumeSnapshot", source?["apiGroup"]?.string == SnapshotObjects.group else {
            return nil
        }
        return source?["name"]?.string
    }

    /// Makes the objects that stand for a snapshot.
    public func provide(
        _ snapshot: ClaimSnapshot, as name: String, in namespace: String, labels: [String: String], timeout: Duration
    ) async throws {
        let operation = "provide snapshot '\(snapshot.handle.printable)' as '\(namespace)/\(name)'"
        try await requireSnapshots(operation)
        let identity = SnapshotObjects.identity(snapshot: name, in: namespace)
        let content = Self.contentName("restore", namespace, name)
        do {
            // An earlier run may have come so far.
            if let existing = try await cluster.get(identity) {
                try await require(existing, toBe: snapshot, operation)
            } else {
                try await makeObjects(snapshot, identity, content, labels, operation)
            }
            _ = try await readyContent(of: identity, operation, timeout)
        } catch let error as OtherSnapshotError {
            throw error.error
        } catch {
            // They stand for a snapshot of a backup, which stays.
            try await cleanUp(after: error, operation) { [self] in try await forget(identity, content: content) }
            throw error
        }
    }

    /// Removes the objects that stand for a snapshot.
    public func withdraw(_ name: String, in namespace: String) async throws {
        try await forget(
            SnapshotObjects.identity(snapshot: name, in: namespace),
            content: Self.contentName("restore", namespace, name))
    }
}

extension CSISnapshotter {
    /// How long a controller may take to name the content of a snapshot.
    private static let bindingTime = Duration.seconds(30)

    /// A restore of another backup, which did not come to its end, may have made the objects for its own snapshot. What is
    /// made of them then has that one's data.
    private func require(_ existing: KubernetesObject, toBe snapshot: ClaimSnapshot, _ operation: String) async throws {
        guard let name = existing.declaredContent,
            let content = try await cluster.get(SnapshotObjects.identity(content: name))
        else { return }
        try require(content: content, toBe: snapshot, operation)
    }

    private func require(content: KubernetesObject, toBe snapshot: ClaimSnapshot, _ operation: String) throws {
        let source = content[path: "spec", "source", "snapshotHandle"]?.string
        let driver = content[path: "spec", "driver"]?.string
        guard source != snapshot.handle || driver != snapshot.driver else { return }
        throw OtherSnapshotError(
            error: error(
                .other(code: "another snapshot"), operation,
                "VolumeSnapshotContent '\(content.name)' stands for snapshot '\(source ?? "")' of driver '\(driver ?? "")', "
                    + "from a restore that did not come to its end; delete the claim and its VolumeSnapshot, and restore it "
                    + "again"))
    }

    private func makeObjects(
        _ snapshot: ClaimSnapshot, _ identity: ItemIdentity, _ content: String, _ labels: [String: String],
        _ operation: String
    ) async throws {
        let namespace = identity.namespace ?? ""
        let found = try await known(snapshot.snapshotClass)
        if let existing = try await cluster.get(SnapshotObjects.identity(content: content)) {
            try require(content: existing, toBe: snapshot, operation)
        } else {
            let object = SnapshotObjects.content(
                content, snapshot, reference: (namespace, identity.name), class: found, deletes: false, labels: labels)
            _ = try await cluster.create(object, as: SnapshotObjects.contents)
        }
        let object = SnapshotObjects.snapshot(
            identity.name, in: namespace, content: content, class: found, labels: labels)
        _ = try await cluster.create(object, as: SnapshotObjects.snapshots)
    }

    /// Waits until a snapshot can be used, and gives its content.
    ///
    /// - Parameter bound: is told the name of the content as soon as it is known.
    private func readyContent(
        of identity: ItemIdentity, _ operation: String, _ timeout: Duration, bound: (String) -> Void = { _ in }
    ) async throws -> KubernetesObject {
        var last = "nobody has taken notice of it; does the cluster run the snapshot controller and the driver?"
        var content: KubernetesObject?
        try await wait(timeout, operation, last) { [self] in
            guard let snapshot = try await cluster.get(identity) else {
                throw error(.notFound, operation, "somebody has deleted VolumeSnapshot '\(identity.name)'")
            }
            last = snapshot.snapshotFailure ?? last
            guard let name = snapshot.boundContent else { return false }
            bound(name)
            guard snapshot.isReadyToUse else { return false }
            content = try await cluster.get(SnapshotObjects.identity(content: name))
            return content != nil
        } why: {
            last
        }
        guard let content else { throw error(.notFound, operation, nil) }
        return content
    }

    /// Removes the objects that stand for a snapshot, and keeps the snapshot.
    private func forget(_ identity: ItemIdentity, content name: String) async throws {
        let content = SnapshotObjects.identity(content: name)
        if try await cluster.get(content) != nil {
            _ = try await cluster.patch(content, with: ["spec": ["deletionPolicy": "Retain"]])
        }
        try await cluster.delete(identity)
        try await cluster.delete(content)
    }

    /// Removes a snapshot that was there, and whose objects could not be removed.
    ///
    /// Which of them are left nobody knows; so the rest is removed without the snapshot, and the snapshot by its handle.
    private func discard(
        _ snapshot: ClaimSnapshot, _ identity: ItemIdentity, content: String, after error: any Error,
        _ operation: String, _ timeout: Duration
    ) async throws {
        let what = "snapshot '\(snapshot.handle.printable)' of driver '\(snapshot.driver.printable)'"
        try await cleanUp(after: error, operation, what) { [self] in
            let removal: Result<Void, any Error>
            do {
                removal = .success(try await forget(identity, content: content))
            } catch {
                removal = .failure(error)
            }
            try await deleteSnapshot(snapshot, timeout: timeout)
            try removal.get()
        }
    }

    /// Removes a snapshot that a failed call has begun to take, with its objects.
    ///
    /// - Parameter bound: its content, where that is known; the VolumeSnapshot may be gone by now.
    private func discard(
        _ identity: ItemIdentity, content bound: String?, after error: any Error, _ operation: String
    ) async throws {
        try await cleanUp(after: error, operation) { [self] in
            let deadline = ContinuousClock.now + Self.bindingTime
            let snapshot = try await cluster.get(identity)
            let content = (bound ?? snapshot?.expectedContent).map(SnapshotObjects.identity(content:))
            var isMade = try await condemn(content)
            // A controller that has taken notice makes the content at once, and then names it.
            while !isMade, bound == nil, snapshot != nil, ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(100))
                isMade = try await condemn(content)
            }
            if snapshot != nil { try await cluster.delete(identity) }
            // Of one that was made in this moment the controller would not know that it is to go.
            if try await condemn(content), let content { try await cluster.delete(content) }
        }
    }

    /// Has the snapshot go with its content, where that is there.
    private func condemn(_ content: ItemIdentity?) async throws -> Bool {
        guard let content, try await cluster.get(content) != nil else { return false }
        do {
            _ = try await cluster.patch(content, with: ["spec": ["deletionPolicy": "Delete"]])
            return true
        } catch {
            // The controller may have been faster.
            guard try await cluster.get(content) != nil else { return false }
            throw error
        }
    }

    /// Cleans up, also in a cancelled task.
    ///
    /// - Throws: an error that also says what stays behind, unless the first one was a cancellation.
    func cleanUp(
        after failure: any Error, _ operation: String, _ what: String = "its objects",
        _ work: @escaping @Sendable () async throws -> Void
    ) async throws {
        do {
            try await Task { try await work() }.value
        } catch let second {
            guard !(failure is CancellationError) else { throw failure }
            let first = failure as? VolumeSnapshotError ?? error(.unavailable, operation, "\(failure)")
            let reason = [first.reason, "\(what) may stay behind: \(second)"].compactMap(\.self)
            throw error(first.kind, first.operation, reason.joined(separator: "; "))
        }
    }

    private func knownClasses() async throws -> VolumeSnapshotClasses? {
        let task = classes.withLock { classes in
            let task =
                classes
                ?? Task { [cluster] in
                    guard try await cluster.serves(SnapshotObjects.snapshots) else { return nil }
                    return VolumeSnapshotClasses(try await cluster.list(SnapshotObjects.classes, namespace: nil))
                }
            classes = task
            return task
        }
        do {
            return try await task.value
        } catch {
            // The next volume asks again.
            classes.withLock { if $0 == task { $0 = nil } }
            throw error
        }
    }

    /// The class of a name, where this cluster has it.
    func known(_ name: String) async throws -> KubernetesObject? {
        name.isEmpty ? nil : try await knownClasses()?[name]
    }

    func requireSnapshots(_ operation: String) async throws {
        guard try await cluster.serves(SnapshotObjects.contents) else {
            throw error(.invalidConfiguration, operation, "the cluster serves no \(SnapshotObjects.contents)")
        }
    }

    func wait(
        _ timeout: Duration, _ operation: String, _ reason: String, until isReached: () async throws -> Bool,
        why: (() -> String)? = nil
    ) async throws {
        guard try await Polling(timeout: timeout).until(isReached) else {
            throw error(.unavailable, operation, "after \(timeout.components.seconds) s: \(why?() ?? reason)")
        }
    }

    func error(
        _ kind: VolumeSnapshotError.Kind, _ operation: String, _ reason: String?
    ) -> VolumeSnapshotError {
        VolumeSnapshotError(kind, operation: operation, storage: cluster.description, reason: reason?.printable)
    }

    /// A name that is the same whenever the same is asked for.
    static func contentName(_ purpose: String, _ first: String, _ second: String) -> String {
        let digest = SHA256.hash(data: Array("\(first)\n\(second)".utf8)).prefix(12)
        let digits = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return "godwit-\(purpose)-\(digits)"
    }
}

/// Objects of the wanted names stand for another snapshot. They are somebody else's, and stay.
private struct OtherSnapshotError: Error {
    let error: VolumeSnapshotError
}
