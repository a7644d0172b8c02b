import GodwitModel
import Streams
import Tarball

@testable import GodwitEngine

// What the object engine reads out of a bucket.
extension Harness {
    static let engine = [
        Harness(name: "tarball", maximumLength: 8192, seeds: tarballs, run: readTarball),
        Harness(
            name: "item-index",
            seeds: {
                var text: [UInt8] = []
                for entry in honestEntries { IndexLine.append(entry, to: &text) }
                return [text]
            }, run: readItemIndex),
        Harness(name: "manifest", seeds: manifests, run: readManifest),
    ]

    // MARK: Tarball

    private static let limits = TarballLimits(
        maximumEntrySize: 1 << 20, maximumTotalSize: 8 << 20, maximumEntries: 1000, expansionFloor: 1 << 20)

    private static let tarballs: @Sendable () throws -> [[UInt8]] = {
        try [TarballCompression.zstd(), .gzip()].map { compression in
            try waitFor {
                let output = BoundedChannel<[UInt8]>(limit: 1 << 20) { $0.count }
                let writer = try TarballWriter(compression: compression, output: output)
                for number in 0..<3 {
                    _ = try await writer.append(
                        [
                            TarballEntry(
                                path: "resources/\(number).json", content: Array("{\"a\": \(number)}".utf8), modified: 9
                            )
                        ], cutBefore: number == 2)
                }
                _ = try await writer.finish()
                return try await ByteStream(output).collect(upTo: 1 << 20)
            }
        }
    }

    private static func readTarball(_ bytes: [UInt8]) throws {
        let entries = try waitFor { () -> [TarballReader.Entry] in
            var entries: [TarballReader.Entry] = []
            do {
                for try await entry in TarballReader(ByteStream(bytes), limits: limits) { entries.append(entry) }
            } catch is TarballError {}
            return entries
        }
        for entry in entries {
            let components = entry.path.split(separator: "/", omittingEmptySubsequences: false)
            let isSafe = entry.path == "." || !components.contains { $0.isEmpty || $0 == "." || $0 == ".." }
            try require(isSafe, "an entry's path is \(entry.path)")
            try require(entry.kind == .regular || entry.content.isEmpty, "a \(entry.kind) has content")
            try require(Int64(entry.content.count) == entry.size || entry.kind != .regular, "an entry's size is wrong")
        }
    }

    // MARK: Index

    private static let honestEntries = [
        IndexEntry(
            identity: ItemIdentity(resource: GroupResource(parsing: "deployments.apps"), namespace: "a", name: "b"),
            apiVersion: "apps/v1", kind: "Deployment", uid: "u",
            location: ContentLocation(frame: 0, offset: 512, length: 9),
            sha256: Array(0..<32)),
        IndexEntry(
            identity: ItemIdentity(resource: GroupResource(parsing: "nodes"), namespace: nil, name: "n\"\\é"),
            apiVersion: "v1", kind: "Node", uid: "", location: ContentLocation(frame: 77, offset: 0, length: 1),
            sha256: []),
    ]

    private static func readItemIndex(_ bytes: [UInt8]) throws {
        let whole = try entries(in: [bytes])
        let parts = try entries(in: pieces(of: bytes))
        try require(whole.isComplete == parts.isComplete, "an index in pieces is another index")
        try require(!whole.isComplete || whole.entries == parts.entries, "an index in pieces is another index")
        var text: [UInt8] = []
        for entry in whole.entries { IndexLine.append(entry, to: &text) }
        try require(try entries(in: [text]).entries == whole.entries, "an index changes when it is written again")
        var table = FrameTable()
        table.size = 1 << 20
        for entry in whole.entries { table.add(entry.location) }
        var planner = FrameReadPlanner(entries: whole.entries, table: table)
        var planned = 0
        while let read = planner.nextRead() {
            try require(read.range.upperBound <= table.size, "a read is outside of its tarball")
            planned += read.entries.count
        }
        try require(planned == whole.entries.count, "an entry is not read")
    }

    private static func entries(in pieces: [[UInt8]]) throws -> (entries: [IndexEntry], isComplete: Bool) {
        var decoder = IndexDecoder()
        var entries: [IndexEntry] = []
        let finished: Void? = try accepting(IndexFault.self) {
            for piece in pieces { entries += try decoder.entries(piece) }
            try decoder.finish()
        }
        return (entries, finished != nil)
    }

    // MARK: Manifest

    private static let manifests: @Sendable () throws -> [[UInt8]] = {
        let object: JSONValue = [
            "apiVersion": "velero.io/v1", "kind": "Backup", "metadata": ["name": "nightly", "namespace": "velero"],
            "spec": ["includedNamespaces": ["a"], "ttl": "720h0m0s", "labelSelector": ["matchLabels": ["a": "b"]]],
            "status": ["phase": "Completed", "startTimestamp": "2026-01-02T03:04:05Z"],
        ]
        let artifacts = [Artifact(key: "backups/nightly/nightly.tar.zst", size: 9, sha256: Array(0..<32))]
        return [MetadataDocument.encode(object, manifest: BackupManifest(artifacts: artifacts))]
    }

    /// Reads a document as it is and, since mutations never get a checksum right, once more with the right one.
    private static func readManifest(_ bytes: [UInt8]) throws {
        guard let json = try accepting(JSONError.self, { try JSONValue(parsing: bytes) }) else { return }
        var mended = json
        if mended.object != nil {
            mended["sha256"] = nil
            mended["sha256"] = .string(Hexadecimal.text(SHA256Digest.of(mended.serialized())))
        }
        for document in [bytes, mended.serialized()] {
            let read = try accepting(BackupStorageError.self) {
                try MetadataDocument.decode(document, subject: "nightly", store: "store")
            }
            guard let (object, manifest) = read else { continue }
            let again = try MetadataDocument.decode(
                MetadataDocument.encode(object, manifest: manifest), subject: "nightly", store: "store")
            try require(again.manifest == manifest, "a manifest changes when it is written again")
        }
        if let backup = try accepting(APIObjectError.self, { try Backup(json: json) }) {
            let again = try Backup(json: backup.json)
            try require(
                again.json.serialized() == backup.json.serialized(), "a Backup changes when it is written again")
        }
        if let restore = try accepting(APIObjectError.self, { try Restore(json: json) }) {
            let again = try Restore(json: restore.json)
            try require(
                again.json.serialized() == restore.json.serialized(), "a Restore changes when it is written again")
        }
    }
}
