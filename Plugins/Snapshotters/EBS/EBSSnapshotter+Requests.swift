import CloudStorage
import Foundation
import GodwitPluginAPI
import Streams

/// Requests that make something, and whose answers may be lost: each has a mark of its own, by which what it made is found.
extension EBSSnapshotter {
    /// A snapshot that is being taken.
    struct BegunSnapshot: Sendable {
        let id: String
        let mark: String
        /// It was asked for more than once, and EC2 shows what it made to some of its servers later than to others: there
        /// may be more of it.
        let mayHaveTwins: Bool
    }

    /// What requests make.
    private enum Product: Sendable {
        case snapshot
        case volume

        func isID(_ text: String) -> Bool {
            switch self {
            case .snapshot: EBSIdentifier.isSnapshot(text)
            case .volume: EBSIdentifier.isVolume(text)
            }
        }

        /// The action that lists it, and the elements that its ids stand in.
        var listing: (action: String, set: String, id: String) {
            switch self {
            case .snapshot: ("DescribeSnapshots", "snapshotSet", "snapshotId")
            case .volume: ("DescribeVolumes", "volumeSet", "volumeId")
            }
        }

        var noun: String {
            switch self {
            case .snapshot: "snapshot"
            case .volume: "volume"
            }
        }
    }

    /// EC2 makes a second snapshot when it is asked twice. So before a request is sent again, whose answer was lost, its
    /// snapshot is looked for.
    func begin(
        snapshotOf volume: String, _ tags: [String: String], _ operation: String
    ) async throws -> BegunSnapshot {
        let mark = UUID().uuidString.lowercased()
        let request = EC2Connection.Request(
            "CreateSnapshot", operation,
            [("VolumeId", volume), ("Description", "godwit: \(tags["velero.io/backup"] ?? "snapshot")")]
                + marked(tags, mark, resource: "snapshot"))
        do {
            return try await connection.retry.run(retryDelay: EC2Connection.delay) { attempt in
                if attempt > 0, let known = try await products(.snapshot, with: mark, operation).first {
                    return BegunSnapshot(id: known, mark: mark, mayHaveTwins: attempt > 1)
                }
                let id = try await id(of: .snapshot, in: connection.once(request), operation)
                return BegunSnapshot(id: id, mark: mark, mayHaveTwins: attempt > 0)
            }
        } catch let error as VolumeSnapshotError where error.isRetryable {
            let id = try await product(.snapshot, with: mark, after: error)
            return BegunSnapshot(id: id, mark: mark, mayHaveTwins: true)
        }
    }

    /// Deletes what else was made of the requests for a snapshot. Once that is complete they are known everywhere.
    func removeTwins(of snapshot: BegunSnapshot, _ operation: String) async throws {
        guard snapshot.mayHaveTwins else { return }
        do {
            for twin in try await products(.snapshot, with: snapshot.mark, operation) where twin != snapshot.id {
                try await deleteSnapshot(twin)
            }
        } catch let error as VolumeSnapshotError {
            let remains = "others that were taken of the same request have the tag \(EBSTags.mark)=\(snapshot.mark)"
            throw connection.error(error.kind, operation, "\(remains), and could not be removed: \(error)")
        }
    }

    /// Asks for a volume.
    ///
    /// - Returns: its id.
    func begin(
        volumeWith parameters: [(name: String, value: String)], _ tags: [String: String], _ operation: String
    ) async throws -> String {
        let mark = UUID().uuidString.lowercased()
        // The same token asks for the same volume, however often it is sent.
        let request = EC2Connection.Request(
            "CreateVolume", operation,
            [("ClientToken", mark)] + parameters + marked(tags, mark, resource: "volume"))
        do {
            return try await id(of: .volume, in: connection.send(request), operation)
        } catch let error as VolumeSnapshotError where error.isRetryable {
            return try await product(.volume, with: mark, after: error)
        }
    }

    private func marked(
        _ tags: [String: String], _ mark: String, resource: String
    ) -> [(name: String, value: String)] {
        EBSTags.parameters(tags.merging([EBSTags.mark: mark]) { _, new in new }, resource: resource)
    }

    private func id(of product: Product, in answer: XMLElement, _ operation: String) throws -> String {
        let id = answer.first(product.listing.id)?.text ?? ""
        guard product.isID(id) else {
            throw connection.error(.unavailable, operation, "the answer names no \(product.noun)")
        }
        return id
    }

    /// What a request made whose last answer was lost as well.
    ///
    /// - Throws: the failure, with how to find it.
    private func product(
        _ product: Product, with mark: String, after failure: VolumeSnapshotError
    ) async throws -> String {
        var remains = "a \(product.noun) that was made all the same has the tag \(EBSTags.mark)=\(mark)"
        do {
            if let known = try await products(product, with: mark, failure.operation).first { return known }
        } catch let second {
            remains += ", and could not be looked for: \(second)"
        }
        let reason = [failure.reason, remains].compactMap(\.self).joined(separator: "; ")
        throw connection.error(failure.kind, failure.operation, reason)
    }

    /// The ids of what bears a mark.
    private func products(_ product: Product, with mark: String, _ operation: String) async throws -> [String] {
        let (action, set, id) = product.listing
        let request = EC2Connection.Request(
            action, operation, [("Filter.1.Name", "tag:\(EBSTags.mark)"), ("Filter.1.Value.1", mark)])
        let items = try await connection.send(request).first(set)?.all("item") ?? []
        return items.compactMap { $0.text(id) }.filter(product.isID)
    }
}
