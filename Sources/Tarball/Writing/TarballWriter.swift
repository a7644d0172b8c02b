public import Streams

/// Writes a tarball into a channel, on a thread of its own.
///
/// With zstd the tarball is a row of complete frames, each with a checksum and its size, so that one entry is read
/// without the rest (``FrameReader``); all together are an ordinary `.tar.zst`. With gzip it is an ordinary `.tar.gz`.
/// The tar is pax; plain ustar headers wherever they can say everything.
///
/// Memory: one frame, its compressed form, and what the channel holds.
public actor TarballWriter {
    private enum Phase {
        case open
        case closed
        case failed(any Error)
    }

    private let executor: ThreadExecutor
    private let encoder: TarballEncoder
    private let output: BoundedChannel<[UInt8]>
    private var phase = Phase.open
    private var isSending = false
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// The size from which compressed bytes are sent on, and the most that is sent at once.
    private static let pieceSize = (least: 64 << 10, most: 512 << 10)

    /// The writer's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// A writer.
    ///
    /// - Parameters:
    ///   - compression: zstd or gzip.
    ///   - framePolicy: how large zstd frames become; gzip has none.
    ///   - output: receives the tarball in pieces of 64 to 512 KiB (the last one may be smaller), and its end. When the
    ///     writer fails, is cancelled, or is released without having finished, the channel ends with an error, so that
    ///     no consumer takes half a tarball for a whole one.
    /// - Throws: ``TarballError/invalidConfiguration(reason:)``.
    public init(
        compression: TarballCompression, framePolicy: FramePolicy = FramePolicy(), output: BoundedChannel<[UInt8]>
    ) throws {
        encoder = try TarballEncoder(compression: compression, framePolicy: framePolicy)
        executor = ThreadExecutor(name: "tarball-writer")
        self.output = output
    }

    deinit { output.finish(throwing: TarballError.unfinished) }

    /// Appends entries in this order, and waits while the channel is full.
    ///
    /// Calls that overlap are served one after another. An entry never spans two frames; one that is larger than a frame
    /// has a frame of its own.
    ///
    /// - Parameters:
    ///   - entries: files. If a path is refused, none of them is written and the writer stays usable.
    ///   - cutBefore: begin a new frame if the current one holds at least the policy's minimum.
    /// - Returns: where the content of each entry is.
    /// - Throws: ``TarballError``; `ChannelAbandoned` when the consumer has gone; `CancellationError`. After any of
    ///   them but ``TarballError/invalidPath(path:reason:)`` the writer has failed for good.
    public func append(_ entries: [TarballEntry], cutBefore: Bool = false) async throws -> [ContentLocation] {
        await begin()
        defer { end() }
        try requireOpen()
        for entry in entries { try EntryPath.check(entry.path) }
        do {
            if cutBefore { try encoder.cut() }
            var locations: [ContentLocation] = []
            locations.reserveCapacity(entries.count)
            for entry in entries {
                locations.append(try encoder.append(entry))
                while encoder.available >= Self.pieceSize.least { try await sendPiece() }
            }
            return locations
        } catch {
            fail(error)
            throw error
        }
    }

    /// Writes the end of the archive and ends the channel.
    public func finish() async throws -> TarballSummary {
        await begin()
        defer { end() }
        try requireOpen()
        do {
            try encoder.finish()
            let summary = encoder.summary
            while encoder.available > 0 { try await sendPiece() }
            phase = .closed
            output.finish()
            return summary
        } catch {
            fail(error)
            throw error
        }
    }

    /// Gives up: nothing more is written, and the channel ends with `CancellationError`. Later calls do nothing.
    public func cancel() {
        guard case .open = phase else { return }
        fail(CancellationError())
    }

    private func requireOpen() throws {
        try Task.checkCancellation()
        switch phase {
        case .open: return
        case .closed: throw TarballError.closed
        case .failed(let error): throw error
        }
    }

    private func sendPiece() async throws {
        isSending = true
        defer { isSending = false }
        try await output.send(encoder.take(Self.pieceSize.most))
        try requireOpen()
    }

    private func fail(_ error: any Error) {
        if case .open = phase { phase = .failed(error) }
        // A piece that is on its way must not arrive after the end; its sender comes here when it has arrived.
        guard case .failed(let first) = phase, !isSending else { return }
        output.finish(throwing: first)
    }

    // The actor can be entered while it waits for the channel; these two let one call in after the other.

    private func begin() async {
        guard isBusy else {
            isBusy = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func end() {
        if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
    }
}
