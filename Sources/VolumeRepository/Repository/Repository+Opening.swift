import Foundation
public import GodwitPluginAPI
import Streams

extension Repository {
    /// Opens the repository of a store.
    ///
    /// - Parameters:
    ///   - store: the location's part of a store, retries included.
    ///   - credentials: what opens it if it is encrypted. Credentials for one that is not are an error: nobody who
    ///     gives a password should find his data in plain text.
    /// - Throws: ``RepositoryError``, ``ObjectStoreError``.
    public static func open(
        store: any ObjectStore, credentials: RepositoryCredentials?, tuning: RepositoryTuning = .standard
    ) async throws -> Repository {
        try Sodium.requireReady()
        let objects = RepositoryObjects(store: store)
        guard let bytes = try await objects.read(RepositoryLayout.configuration, limit: 1 << 20) else {
            throw RepositoryError(.noRepository, subject: store.description)
        }
        let configuration = try RepositoryConfiguration(parsing: bytes)
        let cipher = try await cipher(configuration, bytes, objects, credentials)
        return Repository(configuration: configuration, objects: objects, cipher: cipher, tuning: tuning)
    }

    /// Makes a repository, encrypted where credentials are given.
    ///
    /// - Throws: ``RepositoryError/Kind/exists``.
    public static func create(
        store: any ObjectStore, credentials: RepositoryCredentials?,
        compressionLevel: Int = RepositoryConfiguration.standardLevel, tuning: RepositoryTuning = .standard
    ) async throws -> Repository {
        try Sodium.requireReady()
        guard (1...19).contains(compressionLevel) else {
            throw RepositoryError(.invalidArgument, subject: "compression level \(compressionLevel)", reason: "1 to 19")
        }
        let objects = RepositoryObjects(store: store)
        let key = RepositoryLayout.configuration
        let taken = RepositoryError(.exists, subject: store.description)
        guard try await store.stat(key) == nil else { throw taken }
        try await requireNoData(in: store)
        let configuration = RepositoryConfiguration(
            id: Hexadecimal.text(try Sodium.randomBytes(16)), created: Date(), isEncrypted: credentials != nil,
            compressionLevel: compressionLevel)
        let bytes = configuration.serialized
        var cipher = RepositoryCipher.none
        var slot: KeySlot?
        if let credentials {
            // The key first: a repository without one could never be opened.
            let master = try Secret(randomBytes: Sodium.keyBytes)
            cipher = try RepositoryCipher(master: master)
            let made = try await BlockingPool.shared.run {
                try KeySlot(
                    master: master, credentials: credentials, label: "", cost: tuning.keyDerivation,
                    configuration: bytes)
            }
            try await objects.writeOnce(RepositoryLayout.key(made.info.id), made.serialized)
            slot = made
        }
        do {
            try await store.put(key, .bytes(bytes), options: PutOptions(ifAbsent: true))
        } catch let error as ObjectStoreError where error.kind == .alreadyExists {
            // One that the store protects stays: it opens nothing, and is no reason to fail in another way.
            if let slot { _ = try await objects.delete([RepositoryLayout.key(slot.info.id)]) }
            throw taken
        }
        // A store without conditional puts may have let another one win.
        guard try await objects.read(key) == bytes else { throw taken }
        return Repository(configuration: configuration, objects: objects, cipher: cipher, tuning: tuning)
    }

    /// Opens the repository of a store, and makes one where there is none.
    public static func openOrCreate(
        store: any ObjectStore, credentials: RepositoryCredentials?, tuning: RepositoryTuning = .standard
    ) async throws -> Repository {
        do {
            return try await open(store: store, credentials: credentials, tuning: tuning)
        } catch let error as RepositoryError where error.kind == .noRepository {
            do {
                return try await create(store: store, credentials: credentials, tuning: tuning)
            } catch let error as RepositoryError where error.kind == .exists {
                return try await open(store: store, credentials: credentials, tuning: tuning)
            }
        }
    }

    /// Data without a configuration is a repository that lost it: a new one beside it would hide the loss, and be in the
    /// way of the old one.
    private static func requireNoData(in store: any ObjectStore) async throws {
        for prefix in [RepositoryLayout.snapshots, RepositoryLayout.index, RepositoryLayout.packs] {
            let page = try await store.list(ListRequest(prefix: prefix, pageSize: 1))
            guard let object = page.objects.first else { continue }
            // Another run may have made the repository, and written to it, since its configuration was looked for.
            guard try await store.stat(RepositoryLayout.configuration) == nil else {
                throw RepositoryError(.exists, subject: store.description)
            }
            throw RepositoryError(
                .configurationLost, subject: store.description, reason: "\(object.key) is there")
        }
    }

    private static func cipher(
        _ configuration: RepositoryConfiguration, _ bytes: [UInt8], _ objects: RepositoryObjects,
        _ credentials: RepositoryCredentials?
    ) async throws -> RepositoryCipher {
        let subject = "the repository in \(objects.store.description)"
        guard configuration.isEncrypted else {
            guard credentials == nil else { throw RepositoryError(.notEncrypted, subject: subject) }
            return .none
        }
        guard let credentials else { throw RepositoryError(.credentialsNeeded, subject: subject) }
        return try RepositoryCipher(
            master: try await RepositoryKeys(objects: objects, configuration: bytes).master(credentials).master)
    }
}
