import CloudStorage
import Crypto
import Foundation
import GodwitModel
import GodwitPluginAPI
import HTTPTransport
import Streams

/// One streamed put: blocks are staged, several at once, and the list of them makes the blob. Memory is bounded as
/// ``ParallelParts`` says.
///
/// Source: "Put Block", "Put Block List" in the Azure Storage REST API reference.
struct BlockUpload {
    /// Blocks of a blob at most.
    private static let maximumBlocks = 50_000

    let store: AzureObjectStore
    let key: String
    let options: PutOptions
    /// Whether the caller has the whole body.
    let isReplayable: Bool
    /// Blocks of two writers of the same blob never mix: each has names of its own, all of one length, as Azure asks.
    private let name = UUID().uuidString.lowercased()

    private var configuration: AzureConfiguration { store.configuration }
    private var retry: RetryPolicy {
        configuration.retry.policy(hasAnswered: store.connection.hasAnswered, isReplayable: isReplayable)
    }

    init(store: AzureObjectStore, key: String, options: PutOptions, isReplayable: Bool) {
        self.store = store
        self.key = key
        self.options = options
        self.isReplayable = isReplayable
    }

    /// Stores the stream.
    func run(_ stream: ByteStream, length: Int64?) async throws -> ObjectInfo {
        var sizes = PartSizes(base: configuration.blockSize, length: length, maximumParts: Self.maximumBlocks)
        let first: [UInt8]
        var cutter: PartCutter
        switch try await StreamStart.read(
            stream, length: length, size: sizes.next(), key: key, store: store.description)
        {
        case .whole(let bytes):
            let mark = store.makeMark(options)
            return try await retry.runRequest {
                try await store.putBlob(key, bytes, options, mark: mark)
            }
        case .more(let bytes, let rest): (first, cutter) = (bytes, rest)
        }
        if options.ifAbsent, try await isTaken() {
            // Before everything is sent in vain; what decides is the condition at the end.
            throw ObjectStoreError(.alreadyExists, operation: "put", key: key, store: store.description)
        }
        var digest = configuration.hasChecksums ? Insecure.MD5() : nil
        var held: [UInt8]? = first
        let parallel = ParallelParts(concurrency: configuration.concurrency, partSize: configuration.blockSize)
        let blocks = try await parallel.send {
            let bytes: [UInt8]
            if let first = held.take() { bytes = first } else { bytes = try await cutter.next(size: sizes.next()) }
            digest = try await Self.updated(digest, with: bytes)
            return bytes
        } send: { bytes, number in
            try await stage(bytes, number)
        }
        let size = blocks.reduce(0) { $0 + Int64($1.size) }
        try StreamStart.checkLength(size, announced: length, key: key, store: store.description)
        try Task.checkCancellation()
        return try await commit(blocks.map(\.id), size: size, md5: digest.map { base64($0.finalize()) })
    }

    /// Nobody can replay the stream, so this is repeated here.
    private func isTaken() async throws -> Bool {
        try await retry.runRequest { try await store.headBlob(key, "put") != nil }
    }

    private static func updated(_ digest: Insecure.MD5?, with bytes: [UInt8]) async throws -> Insecure.MD5? {
        guard let digest else { return nil }
        return try await BlockingPool.shared.run {
            var digest = digest
            digest.update(data: bytes)
            return digest
        }
    }

    private func stage(_ bytes: [UInt8], _ number: Int) async throws -> (id: String, size: Int) {
        guard number <= Self.maximumBlocks else {
            throw ObjectStoreError(
                .other(code: "BlockCountExceedsLimit"), operation: "put", key: key, store: store.description,
                reason: "a blob has at most \(Self.maximumBlocks) blocks")
        }
        let digits = String(number)
        let id = base64("\(name)-\(String(repeating: "0", count: 6 - digits.count))\(digits)".utf8)
        var request = StoreRequest("PUT", "put", key: key)
        request.query = [("comp", "block"), ("blockid", id)]
        request.headers["Content-Type"] = "application/octet-stream"
        request.headers["Content-MD5"] = try await store.md5(of: bytes)
        request.body = bytes
        _ = try await retry.runRequest { [request] in try await store.connection.perform(request) }
        return (id, bytes.count)
    }

    private func commit(_ ids: [String], size: Int64, md5: String?) async throws -> ObjectInfo {
        var request = StoreRequest("PUT", "put", key: key)
        request.query = [("comp", "blocklist")]
        request.headers = configuration.storageHeaders(options)
        request.headers["x-ms-blob-content-md5"] = md5
        request.headers["Content-Type"] = "application/xml"
        // "Latest" finds them also when an earlier attempt, whose answer was lost, has made them the blob's.
        let list = ids.map { "<Latest>\($0)</Latest>" }.joined()
        request.body = Array("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>\(list)</BlockList>".utf8)
        do {
            return try await store.settle(
                request, key, options, size: size, mark: store.makeMark(options), retry: retry)
        } catch let error as ObjectStoreError where error.kind == .other(code: "InvalidBlockList") {
            // The first of two writers to finish discards what the other has staged.
            guard options.ifAbsent, try await isTaken() else { throw error }
            throw ObjectStoreError(
                .alreadyExists, operation: "put", key: key, store: store.description, reason: error.reason)
        }
    }
}
