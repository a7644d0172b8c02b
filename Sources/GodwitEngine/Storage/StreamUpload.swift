import GodwitModel
import Streams
import Synchronization
import Tarball

/// Bytes on their way into the store while more are produced.
final class StreamUpload: Sendable {
    let channel: BoundedChannel<[UInt8]>
    private let task: Task<Artifact, any Error>

    /// Begins a put that takes what is sent to the channel.
    init(
        _ key: String, files: ArtifactFiles, contentType: String, limit: Int = 8 << 20,
        transform: @escaping @Sendable (ByteStream) throws -> ByteStream = { $0 }
    ) {
        let channel = BoundedChannel<[UInt8]>(limit: limit, cost: \.count)
        self.channel = channel
        task = Task {
            do {
                return try await files.write(key, try transform(ByteStream(channel)), contentType: contentType)
            } catch {
                // Whoever produces must not wait for a consumer that is gone.
                channel.abandon()
                throw error
            }
        }
    }

    deinit { task.cancel() }

    func send(_ bytes: [UInt8]) async throws { try await explained { try await channel.send(bytes) } }

    /// Ends the object, which may still be on its way.
    func end() { channel.finish() }

    /// Ends the object and waits until it is stored.
    func finish() async throws -> Artifact {
        end()
        return try await task.result(cancelling: task).get()
    }

    /// Gives up; nothing becomes visible. Waits until the store has cleaned up.
    func cancel() async {
        task.cancel()
        channel.finish(throwing: CancellationError())
        _ = await task.result
    }

    /// Runs something that sends to the channel, and explains a consumer that is gone by the store's error.
    func explained<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch is ChannelAbandoned {
            if case .failure(let error) = await task.result { throw error }
            throw ChannelAbandoned()
        }
    }
}

/// A tarball on its way into the store.
final class TarballUpload: Sendable {
    private let writer: TarballWriter
    private let upload: StreamUpload

    init(_ key: String, files: ArtifactFiles, compression: TarballCompression, framePolicy: FramePolicy) throws {
        let type =
            switch compression {
            case .zstd: ContentTypes.zstd
            case .gzip: ContentTypes.gzip
            }
        upload = StreamUpload(key, files: files, contentType: type)
        writer = try TarballWriter(compression: compression, framePolicy: framePolicy, output: upload.channel)
    }

    func append(_ entries: [TarballEntry], cutBefore: Bool = false) async throws -> [ContentLocation] {
        try await upload.explained { try await writer.append(entries, cutBefore: cutBefore) }
    }

    /// Ends the tarball, which may still be on its way.
    func end() async throws -> TarballSummary {
        try await upload.explained { try await writer.finish() }
    }

    /// Waits until the tarball, which has ended, is stored.
    func finish() async throws -> Artifact { try await upload.finish() }

    func cancel() async {
        await writer.cancel()
        await upload.cancel()
    }
}

extension Task where Failure == any Error {
    /// The result, passing on a cancellation of the task that waits.
    func result(cancelling task: Task<Success, any Error>) async -> Result<Success, any Error> {
        await withTaskCancellationHandler {
            await task.result
        } onCancel: {
            task.cancel()
        }
    }
}
