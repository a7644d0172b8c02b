import Foundation
import GodwitModel
import GodwitPluginAPI
import GodwitTestKit

@testable import VolumeRepository

// The documents and blocks of a volume repository.
extension Harness {
    static let repository = [
        configuration, keySlot, indexText, pack, snapshot, locks, mark, zstdFrame,
    ]

    private static let codec = BlockCodec(cipher: .none, level: 3)
    private static let key = "00112233445566778899aabbccddeeff"
    private static let chunk = ChunkID(words: (0x0123_4567_89AB_CDEF, 2, 3, .max))

    private static let configuration = Harness(
        name: "configuration",
        seeds: {
            [false, true].map { isEncrypted in
                RepositoryConfiguration(
                    id: key, created: Date(timeIntervalSince1970: 1_700_000_000), isEncrypted: isEncrypted,
                    compressionLevel: 3
                ).serialized
            }
        },
        run: { bytes in
            guard
                let read = try accepting(RepositoryError.self, { try RepositoryConfiguration(parsing: bytes) })
            else { return }
            let again = try RepositoryConfiguration(parsing: read.serialized)
            try require(read.serialized == again.serialized, "a configuration changes when it is written again")
        })

    private static let keySlot = Harness(
        name: "key-slot",
        seeds: {
            guard let cost = KeyDerivationCost(operations: 1, memory: 8 << 10) else { return [] }
            let slot = try KeySlot(
                master: Secret(randomBytes: 32), credentials: .password("word"), label: "label", cost: cost,
                configuration: [])
            return [Array(String(decoding: slot.serialized, as: UTF8.self).replacing(slot.info.id, with: key).utf8)]
        },
        run: { bytes in
            guard let slot = KeySlot(id: key, parsing: bytes) else { return }
            guard let again = KeySlot(id: key, parsing: slot.serialized) else {
                throw Finding("a key slot cannot be read again")
            }
            try require(slot.serialized == again.serialized, "a key slot changes when it is written again")
        })

    private static let indexText = Harness(
        name: "index-text",
        seeds: {
            var text: [UInt8] = []
            for count in 0..<3 {
                let chunks = (0..<count).map { number in
                    PackedChunk(
                        id: chunk, offset: UInt32(512 + 2048 * number), length: 1024, contentLength: UInt32(4096))
                }
                IndexText.append(PackContents(id: PackID(high: 1, low: 2), size: 9216, chunks: chunks), to: &text)
            }
            var own: [UInt8] = []
            IndexText.append(PackedChunk(id: chunk, offset: 512, length: 1, contentLength: 1), to: &own)
            return [text, own + [0x0A]]
        },
        run: { bytes in
            var packs: [PackContents] = []
            if try accepting(IndexFlaw.self, { try IndexText.forEachPack(bytes) { packs.append($0) } }) != nil {
                var text: [UInt8] = []
                for pack in packs { IndexText.append(pack, to: &text) }
                var again: [PackContents] = []
                try IndexText.forEachPack(text) { again.append($0) }
                try require(again == packs, "an index changes when it is written again")
            }
            for chunk in packs.flatMap(\.chunks) {
                try require(Int(chunk.contentLength) <= ChunkLimits.maximumContent, "a chunk is too large")
            }
            _ = try accepting(IndexFlaw.self) { try IndexText.chunks(bytes, packSize: 1 << 20) }
        })

    /// The first byte says whether the headers' checksums are made right, which mutations never get right.
    private static let pack = Harness(
        name: "pack", maximumLength: 16 << 10,
        seeds: {
            var builder = try PackBuilder(capacity: 4096, isSealed: false)
            for text in ["a", String(repeating: "text ", count: 200)] {
                let content = Array(text.utf8)
                let id = codec.cipher.id(of: content)
                let stored = try content.withUnsafeBytes { try codec.encode(chunk: $0, id: id) }
                builder.append(id, stored: stored, contentLength: content.count)
            }
            let whole = try builder.finish(codec).bytes
            return [[0] + whole, [1] + whole]
        },
        run: { bytes in
            guard let first = bytes.first else { return }
            var pack = Array(bytes.dropFirst())
            if first & 1 != 0 { mendChecksums(&pack) }
            let inspector = PackInspector(codec: codec)
            let id = PackID(high: 1, low: 2)
            let size = UInt32(pack.count)
            let found = inspector.walk(pack, of: id)
            for chunk in found.chunks {
                try require(chunk.range.upperBound <= pack.count, "a chunk is outside of its pack")
            }
            let flaws = inspector.flaws(of: pack, contents: found)
            try require(!flaws.contains { $0.chunk != nil }, "a chunk that was verified has a flaw: \(flaws)")
            let tail = Array(pack.suffix(pack.count / 512 * 512))
            if let own = inspector.ownIndex(in: tail, of: id, size: size) {
                try require(own.chunks.allSatisfy { $0.range.upperBound <= pack.count }, "an index points outside")
                _ = inspector.flaws(of: pack, contents: own)
            }
        })

    private static func mendChecksums(_ pack: inout [UInt8]) {
        for start in stride(from: 0, to: pack.count - 511, by: 512) where pack[start + 257] == UInt8(ascii: "u") {
            pack.replaceSubrange(start + 148..<start + 156, with: Array("        ".utf8))
            let sum = pack[start..<start + 512].reduce(0) { $0 + Int($1) }
            let digits = String(sum, radix: 8)
            pack.replaceSubrange(
                start + 148..<start + 155,
                with: Array((String(repeating: "0", count: 6 - digits.count) + digits).utf8) + [0])
        }
    }

    private static let snapshot = Harness(
        name: "snapshot",
        seeds: {
            var snapshot = Snapshot(
                volume: Snapshot.Volume(namespace: "shop", name: "data"), started: Date(timeIntervalSince1970: 1e9),
                ended: Date(timeIntervalSince1970: 1e9 + 1.5), host: "machine", path: "/data", tree: [chunk, chunk],
                treeBytes: 99)
            let small = snapshot.json.serialized()
            snapshot.backup = "nightly"
            snapshot.parent = SnapshotID(hash: chunk)
            snapshot.expires = Date(timeIntervalSince1970: 2e9)
            snapshot.tags = ["a", "b"]
            snapshot.labels = ["c": "d"]
            return [small, snapshot.json.serialized()]
        },
        run: { bytes in
            guard let json = try accepting(JSONError.self, { try JSONValue(parsing: bytes) }),
                let snapshot = Snapshot(json: json)
            else { return }
            let text = snapshot.json.serialized()
            guard let again = Snapshot(json: try JSONValue(parsing: text)) else {
                throw Finding("a snapshot cannot be read again")
            }
            try require(again.json.serialized() == text, "a snapshot changes when it is written again")
        })

    private static let locks = Harness(
        name: "lock",
        seeds: {
            [
                Array(
                    """
                    {"host":"machine","id":"\(key)","knownMarks":["\(key)"],"process":42,\
                    "refreshed":"2026-01-02T03:04:05Z","started":"2026-01-02T03:04:05Z","use":"backup"}
                    """.utf8)
            ]
        },
        run: { bytes in
            let list = try waitFor {
                let store = MemoryObjectStore()
                _ = try await store.put(RepositoryLayout.lock(key), .bytes(bytes), options: PutOptions())
                return try await RepositoryLocks(
                    objects: RepositoryObjects(store: store), staleAfter: .seconds(600)
                ).list()
            }
            // Whatever is in a lock, it is one: a prune must not pass over it.
            try require(list.count == 1 && list[0].id == key && !list[0].isStale, "a lock was not seen")
        })

    private static let mark = Harness(
        name: "mark",
        seeds: { [try PackMark(packs: [PackID(high: 1, low: 2), PackID(high: .max, low: 0)]).serialized] },
        run: { bytes in
            guard let mark = try accepting(RepositoryError.self, { try PackMark(id: key, parsing: bytes) }) else {
                return
            }
            let again = try PackMark(id: key, parsing: mark.serialized)
            try require(again.packs == mark.packs, "a mark changes when it is written again")
        })

    private static let zstdFrame = Harness(
        name: "zstd-frame",
        seeds: {
            let contents = [[], [1], Array(repeating: 7, count: 3000), (0..<255).map { UInt8($0) }]
            return try contents.flatMap { content in
                let raw = [UInt8](unsafeUninitializedCapacity: ZstdFrame.rawSize(of: content.count)) { frame, count in
                    count = content.withUnsafeBytes { ZstdFrame.raw($0, into: UnsafeMutableRawBufferPointer(frame)) }
                }
                return [raw, try codec.encode(document: content, context: [])]
            }
        },
        run: { bytes in
            let declared = bytes.withUnsafeBytes { ZstdFrame.declaredSize($0) }
            if let text = try accepting(
                RepositoryError.self, { try codec.decode(document: bytes, context: [], key: "key") })
            {
                try require(UInt64(text.count) == declared, "a frame has \(text.count) bytes, not \(declared ?? 0)")
            }
            let id = chunk
            try bytes.withUnsafeBytes { stored in
                let content = try accepting(RepositoryError.self) { try codec.decode(chunk: stored, id: id) }
                try require(content == nil, "content was taken for a chunk that it is not")
            }
        })
}
