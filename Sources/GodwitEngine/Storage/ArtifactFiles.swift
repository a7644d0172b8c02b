import GodwitModel
import GodwitPluginAPI
import Streams
import Tarball

/// Writes and reads the files of backups and restores; every file's SHA-256 is computed on the way in and checked on
/// the way out.
struct ArtifactFiles: Sendable {
    let store: any ObjectStore
    let digester: Digester

    init(store: any ObjectStore, digester: Digester = Digester()) {
        self.store = store
        self.digester = digester
    }

    /// Stores a stream of unknown length.
    func write(_ key: String, _ body: ByteStream, contentType: String) async throws -> Artifact {
        let digest = digester.stream()
        let options = PutOptions(contentType: contentType)
        let info = try await store.put(key, .stream(body.digested(by: digest), length: nil), options: options)
        return try await artifact(key, digest, stored: info)
    }

    /// Stores bytes at hand, which a store's wrapper may try again.
    func write(_ key: String, _ bytes: [UInt8], contentType: String) async throws -> Artifact {
        let digest = digester.stream()
        await digest.update(bytes)
        let info = try await store.put(key, .bytes(bytes), options: PutOptions(contentType: contentType))
        return try await artifact(key, digest, stored: info)
    }

    private func artifact(_ key: String, _ digest: StreamDigest, stored: ObjectInfo) async throws -> Artifact {
        let (size, sha256) = await digest.value
        guard stored.size == size else {
            throw ObjectStoreError(
                .corrupted, operation: "put", key: key, store: store.description,
                reason: "\(size) bytes were sent and \(stored.size) stored")
        }
        return Artifact(key: key, size: size, sha256: sha256)
    }

    /// Opens a file. The stream throws ``BackupStorageError`` of kind `damaged` at its end when size or checksum do
    /// not match, so what was read must not be believed before the end is reached.
    func open(_ artifact: Artifact, of subject: String) async throws -> ByteStream {
        let reader = try await reader(artifact.key, of: subject)
        let store = store.description
        @Sendable func damaged(_ reason: String) -> BackupStorageError {
            BackupStorageError(.damaged, subject: "'\(artifact.key)' of \(subject)", store: store, reason: reason)
        }
        guard reader.info.size == artifact.size else {
            throw damaged("it has \(reader.info.size) bytes instead of \(artifact.size)")
        }
        let digest = digester.stream()
        let body = reader.body.digested(by: digest)
        return ByteStream {
            var iterator = body.makeAsyncIterator()
            if let piece = try await iterator.next() { return piece }
            let (size, sha256) = await digest.value
            guard size == artifact.size else { throw damaged("it ends after \(size) of \(artifact.size) bytes") }
            guard sha256 == artifact.sha256 else { throw damaged("its checksum does not match") }
            return nil
        }
    }

    /// Opens a compressed file as text. Damage of any kind is a ``BackupStorageError``.
    func text(_ artifact: Artifact, of subject: String) async throws -> ByteStream {
        let text = try await open(artifact, of: subject).decompressed()
        let store = store.description
        return ByteStream {
            do {
                var iterator = text.makeAsyncIterator()
                return try await iterator.next()
            } catch let error as TarballError {
                throw BackupStorageError(
                    .damaged, subject: "'\(artifact.key)' of \(subject)", store: store, reason: "\(error)")
            }
        }
    }

    /// Compresses and stores a small file.
    func writeCompressed(
        _ key: String, _ bytes: [UInt8], with compression: TarballCompression = .zstd()
    ) async throws -> Artifact {
        let packed = try await ByteStream(bytes).compressed(with: compression).collect(upTo: .max)
        let type =
            switch compression {
            case .zstd: ContentTypes.zstd
            case .gzip: ContentTypes.gzip
            }
        return try await write(key, packed, contentType: type)
    }

    /// Reads a small file whole.
    func read(_ artifact: Artifact, of subject: String, limit: Int) async throws -> [UInt8] {
        try await open(artifact, of: subject).collect(upTo: limit)
    }

    /// Opens an object that must exist.
    func reader(_ key: String, of subject: String, range: Range<Int64>? = nil) async throws -> ObjectReader {
        do {
            return try await store.get(key, range: range)
        } catch let error as ObjectStoreError where error.kind == .notFound {
            throw BackupStorageError(
                .damaged, subject: subject, store: store.description, reason: "its file '\(key)' is missing")
        } catch let error as ObjectStoreError where error.kind == .invalidRange {
            throw BackupStorageError(
                .damaged, subject: subject, store: store.description, reason: "its file '\(key)' is too short")
        }
    }
}
