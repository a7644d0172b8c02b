import Foundation
import GodwitModel
import Streams
import Synchronization

/// Copies a directory so that both share the data of their files (reflinks), with everything that belongs to them.
///
/// What cannot be shared is copied, such as files from before the file system was mounted without checksums.
final class SharedCopy: Sendable {
    /// The copy broke off.
    struct Failure: Error {
        let reason: String
    }

    private let source: String
    private let target: String
    private let running = Mutex<(process: Process?, isCancelled: Bool)>((nil, false))

    init(from source: String, to target: String) {
        self.source = source
        self.target = target
    }

    /// Copies what is in the source into the target.
    ///
    /// - Throws: ``Failure``, `CancellationError`.
    func run() async throws {
        let runner = Runner()
        try await withTaskCancellationHandler {
            try await runner.run { try copy() }
        } onCancel: {
            running.withLock { running in
                running.isCancelled = true
                running.process?.terminate()
            }
        }
    }

    private func copy() throws {
        try InPlaceFlags(from: source, to: target).carryOver {
            guard !running.withLock({ $0.isCancelled }) else { throw CancellationError() }
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/cp")
        process.arguments = ["--archive", "--reflink=auto", "--no-target-directory", "--", source, target]
        process.environment = ["LC_ALL": "C"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let errors = Pipe()
        process.standardError = errors
        try running.withLock { running in
            guard !running.isCancelled else { throw CancellationError() }
            do {
                try process.run()
            } catch {
                throw Failure(reason: "'cp' could not be started: \(error)")
            }
            running.process = process
        }
        let text = Self.beginning(of: errors.fileHandleForReading)
        process.waitUntilExit()
        let isCancelled = running.withLock { $0.isCancelled }
        guard !isCancelled else { throw CancellationError() }
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            throw Failure(reason: String(decoding: text, as: UTF8.self).printable)
        }
    }

    /// What is written there first. The rest is read too, because else the writer would wait for ever.
    private static func beginning(of handle: FileHandle) -> Data {
        var text = Data()
        while case let piece = handle.availableData, !piece.isEmpty {
            text += piece.prefix(errorLimit - text.count)
        }
        return text
    }

    /// Bytes that are kept of what `cp` says: a line for each of a million files may be.
    private static let errorLimit = 2000
}

/// A thread of its own: a copy may take minutes.
private actor Runner {
    private let executor = ThreadExecutor(name: "shared-copy")

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func run(_ work: @Sendable () throws -> Void) throws { try work() }
}
