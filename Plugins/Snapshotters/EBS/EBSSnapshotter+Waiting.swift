import CloudStorage
import GodwitModel
import GodwitPluginAPI
import Streams

extension EBSSnapshotter {
    /// What EC2 just made may be unknown to the server that is asked next, for so long.
    private static let settlingTime = Duration.seconds(30)

    func describe(volume id: String, _ operation: String) async throws -> XMLElement {
        guard EBSIdentifier.isVolume(id) else {
            throw connection.error(.notFound, operation, "'\(id.printable)' is no id of a volume of EBS")
        }
        let request = EC2Connection.Request("DescribeVolumes", operation, [("VolumeId.1", id)])
        guard let volume = try await connection.send(request).first("volumeSet")?["item"] else {
            throw connection.error(.notFound, operation, nil)
        }
        return volume
    }

    func describe(snapshot id: String, _ operation: String) async throws -> XMLElement {
        guard EBSIdentifier.isSnapshot(id) else {
            throw connection.error(.notFound, operation, "'\(id.printable)' is no id of a snapshot of EBS")
        }
        let request = EC2Connection.Request("DescribeSnapshots", operation, [("SnapshotId.1", id)])
        guard let snapshot = try await connection.send(request).first("snapshotSet")?["item"] else {
            throw connection.error(.notFound, operation, nil)
        }
        return snapshot
    }

    func wait(forSnapshot id: String, _ operation: String) async throws {
        try await wait(operation) {
            let snapshot = try await describe(snapshot: id, operation)
            switch snapshot.text("status") ?? "" {
            case "completed": return nil
            case "error":
                throw connection.error(
                    .other(code: "error"), operation, snapshot.text("statusMessage") ?? "EBS does not say why")
            case let status: return "it is \(status), \(snapshot.text("progress") ?? "0%")"
            }
        }
    }

    func wait(forVolume id: String, _ operation: String) async throws {
        try await wait(operation) {
            switch try await describe(volume: id, operation).text("status") ?? "" {
            case "available", "in-use": return nil
            case "error": throw connection.error(.other(code: "error"), operation, "EBS does not say why")
            case let status: return "it is \(status)"
            }
        }
    }

    /// Asks again and again, ever more slowly.
    ///
    /// - Parameter state: nil when it is done, else how far it is.
    private func wait(_ operation: String, until state: () async throws -> String?) async throws {
        let settled = ContinuousClock.now + Self.settlingTime
        var last = ""
        let polling = Polling(
            timeout: configuration.timeout, firstPause: .milliseconds(250), longestPause: .seconds(15))
        let isDone = try await polling.until {
            do {
                guard let answer = try await state() else { return true }
                last = answer
            } catch let error as VolumeSnapshotError where error.kind == .notFound && ContinuousClock.now < settled {
                // Not known everywhere yet.
                last = "it cannot be seen yet"
            }
            return false
        }
        guard isDone else {
            throw connection.error(
                .unavailable, operation, "after \(configuration.timeout.components.seconds) s \(last)")
        }
    }
}
