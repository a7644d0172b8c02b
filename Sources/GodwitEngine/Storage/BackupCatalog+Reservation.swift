import Foundation
import GodwitModel
import GodwitPluginAPI
import Streams

extension BackupCatalog {
    /// Takes a backup's name for one run. What a dead run left under it is removed.
    ///
    /// - Throws: ``BackupStorageError`` of kind `nameTaken` when there is such a backup, `incomplete` when another run
    ///   is writing one, `invalidName`; or the store's errors.
    public func reserve(backup name: String) async throws -> NameReservation {
        try check(name: name, of: "backup")
        return try await reserve(
            name, folder: BackupLayout(name: name).folder, subject: "backup '\(name)'",
            metadata: [BackupLayout(name: name).metadata, VeleroBackupLayout(name: name).metadata])
    }

    /// Takes a restore's name for one run, as ``reserve(backup:)``.
    public func reserve(restore name: String) async throws -> NameReservation {
        try check(name: name, of: "restore")
        return try await reserve(
            name, folder: RestoreLayout(name: name).folder, subject: "restore '\(name)'",
            metadata: [RestoreLayout(name: name).metadata])
    }

    /// Takes the name of a backup that exists, or of what was left of one, to delete it.
    func claim(existingBackup name: String) async throws -> NameReservation {
        try check(name: name, of: "backup")
        return try await claim(name, folder: BackupLayout(name: name).folder, subject: "backup '\(name)'")
    }

    /// Takes the name of a restore whose record exists, or of what was left of one, to delete it.
    func claim(existingRestore name: String) async throws -> NameReservation {
        try check(name: name, of: "restore")
        return try await claim(name, folder: RestoreLayout(name: name).folder, subject: "restore '\(name)'")
    }

    private func claim(_ name: String, folder: String, subject: String) async throws -> NameReservation {
        guard try await !store.objects(below: folder).isEmpty else {
            throw BackupStorageError(.notFound, subject: subject, store: store.description)
        }
        let reservation = NameReservation(name: name, folder: folder, store: store)
        do {
            _ = try await settle(reservation, subject: subject, metadata: [])
            return reservation
        } catch {
            await reservation.release()
            throw error
        }
    }

    private func reserve(
        _ name: String, folder: String, subject: String, metadata: Set<String>
    ) async throws -> NameReservation {
        let reservation = NameReservation(name: name, folder: folder, store: store)
        do {
            // Everything that is under the name was left by runs that are gone.
            let leftovers = try await settle(reservation, subject: subject, metadata: metadata)
            if !leftovers.isEmpty {
                // Should this run die as well, its claim says what that of the dead one said.
                if reservation.followsSnapshots { try await reservation.beginSnapshots() }
                try await remove(leftovers, subject: subject)
                try await store.discardUnfinishedPuts(below: folder)
            }
            return reservation
        } catch {
            await reservation.release()
            throw error
        }
    }

    private func remove(_ leftovers: [String], subject: String) async throws {
        do {
            try await store.delete(leftovers)
        } catch let error as ObjectStoreError where error.kind == .locked {
            throw BackupStorageError(
                .protectedLeftovers, subject: subject, store: store.description,
                reason: "'\(error.key ?? leftovers[0])', which an unfinished run left")
        }
    }

    /// Waits until the claim is the only living one.
    ///
    /// - Returns: the other keys under the name.
    private func settle(
        _ reservation: NameReservation, subject: String, metadata: Set<String>
    ) async throws -> [String] {
        let mine = try await reservation.claim()
        var tries = 0
        while true {
            let objects = try await store.objects(below: reservation.folder)
            if objects.contains(where: { metadata.contains($0.key) }) {
                throw BackupStorageError(.nameTaken, subject: subject, store: store.description)
            }
            // The store's clock at the time of the claim, so that both times come from the same clock.
            let now = objects.first { $0.key == mine.key }?.modified ?? mine.modified
            let claims = objects.filter { NameReservation.isClaim($0.key) && $0.key != mine.key }
            let others = try await read(claims, now: now)
            let rivals = others.filter(\.isLiving)
            if others.contains(where: { !$0.isLiving && $0.owner?.takesSnapshots == true }) {
                reservation.noteDeadRunsSnapshots()
            }
            if rivals.isEmpty { return objects.map(\.key).filter { $0 != mine.key } }
            if tries == 20 || rivals.contains(where: { $0.key < mine.key }) {
                let writer = rivals[0].owner.map { "\($0.description) is writing it" } ?? "another run is writing it"
                throw BackupStorageError(.incomplete, subject: subject, store: store.description, reason: writer)
            }
            tries += 1
            try await Task.sleep(for: .milliseconds(Int.random(in: 100...200)))
        }
    }

    /// Those of the claims whose run may still go on.
    func livingClaims(
        among claims: [ObjectInfo], now: Date?
    ) async throws -> [(key: String, owner: RunOwner?)] {
        try await read(claims, now: now).filter(\.isLiving).map { ($0.key, $0.owner) }
    }

    /// Whose claims they are, and whether that run may still go on.
    private func read(
        _ claims: [ObjectInfo], now: Date?
    ) async throws -> [(key: String, owner: RunOwner?, isLiving: Bool)] {
        var found: [(key: String, owner: RunOwner?, isLiving: Bool)] = []
        for claim in claims {
            let owner: RunOwner?
            do {
                let reader = try await store.get(claim.key, range: nil)
                let bytes = try await reader.body.collect(upTo: 64 * 1024)
                owner = (try? JSONValue(parsing: bytes)).flatMap(RunOwner.init(json:))
            } catch let error as ObjectStoreError where error.kind == .notFound {
                continue
            } catch is StreamTooLong {
                owner = nil
            }
            let age: TimeInterval =
                if let modified = claim.modified, let now {
                    now.timeIntervalSince(modified)
                } else {
                    Date().timeIntervalSince1970 - Double(owner?.heartbeat ?? 0)
                }
            found.append((claim.key, owner, owner?.isAlive ?? (age < NameReservation.lifetime)))
        }
        return found
    }
}
