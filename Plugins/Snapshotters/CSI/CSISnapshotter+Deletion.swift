import GodwitModel
public import GodwitPluginAPI

extension CSISnapshotter {
    /// Deletes a snapshot in the storage: by a content that stands for it and is deleted.
    ///
    /// The driver's sidecar deletes the snapshot of a content that goes only if it holds the content's finalizer, and has
    /// written the handle into its status. A content that no VolumeSnapshot is bound to gets no finalizer from the
    /// snapshot controller, so it is born with one.
    @discardableResult
    public func deleteSnapshot(_ snapshot: ClaimSnapshot, timeout: Duration) async throws -> Bool {
        let operation = "delete snapshot '\(snapshot.handle.printable)' of driver '\(snapshot.driver.printable)'"
        try await requireSnapshots(operation)
        let name = Self.contentName("delete", snapshot.driver, snapshot.handle)
        let identity = SnapshotObjects.identity(content: name)
        // That of an earlier run may have been deleted before the driver had taken notice of it.
        try await waitUntilGone(identity, operation, timeout, onlyIfTerminating: true)
        if try await cluster.get(identity) == nil {
            let content = SnapshotObjects.content(
                name, snapshot, reference: ("default", name), class: try await known(snapshot.snapshotClass),
                deletes: true, labels: [:])
            _ = try await cluster.create(content, as: SnapshotObjects.contents)
        }
        do {
            guard try await isThere(identity, operation, timeout) else {
                try await remove(identity)
                return false
            }
        } catch {
            // It says that the snapshot is to go, and nobody is there to do it now.
            try await cleanUp(after: error, operation) { [self] in try await remove(identity) }
            throw error
        }
        try await cluster.delete(identity)
        try await waitUntilGone(identity, operation, timeout)
        return true
    }

    /// Whether the storage has the snapshot, once its driver has taken notice of the content.
    private func isThere(_ identity: ItemIdentity, _ operation: String, _ timeout: Duration) async throws -> Bool {
        var last = "no driver has taken notice of its content '\(identity.name)'"
        var isThere: Bool?
        try await wait(timeout, operation, last) { [self] in
            guard let content = try await cluster.get(identity) else { return true }
            last = content.snapshotFailure ?? last
            if content.snapshotHandle != nil { isThere = true } else if content.isSnapshotMissing { isThere = false }
            return isThere != nil
        } why: {
            last
        }
        guard let isThere else {
            throw error(.unavailable, operation, "somebody has deleted its content '\(identity.name)'")
        }
        return isThere
    }

    private func waitUntilGone(
        _ identity: ItemIdentity, _ operation: String, _ timeout: Duration, onlyIfTerminating: Bool = false
    ) async throws {
        let reason =
            "its content '\(identity.name)' does not go; the events of that object say what the driver answers, which "
            + "tries on"
        try await wait(timeout, operation, reason) { [self] in
            guard let content = try await cluster.get(identity) else { return true }
            return onlyIfTerminating && !content.isTerminating
        }
    }

    /// Removes a content, and nothing in the storage.
    private func remove(_ identity: ItemIdentity) async throws {
        guard try await cluster.get(identity) != nil else { return }
        _ = try await cluster.patch(
            identity, with: ["metadata": ["finalizers": .null], "spec": ["deletionPolicy": "Retain"]])
        try await cluster.delete(identity)
    }
}
