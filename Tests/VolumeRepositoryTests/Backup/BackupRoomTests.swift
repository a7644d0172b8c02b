import Foundation
import GodwitTestKit
import Synchronization
import Testing

@testable import VolumeRepository

/// What is in memory while a volume is read.
@Suite struct BackupRoomTests {
    /// Counts the contents that are being stored.
    private final class CountingStorage: ChunkStoring {
        private let count = Mutex((now: 0, most: 0))

        var most: Int { count.withLock { $0.most } }

        func store(_ content: [UInt8]) async throws -> StoredChunk {
            count.withLock { count in
                count.now += 1
                count.most = max(count.most, count.now)
            }
            try await Task.sleep(for: .milliseconds(100))
            count.withLock { $0.now -= 1 }
            return StoredChunk(id: content.withUnsafeBytes { id(of: $0) }, storedBytes: content.count)
        }

        func contains(_ id: ChunkID) -> Bool { false }

        func id(of content: UnsafeRawBufferPointer) -> ChunkID { Sodium.hash(content, key: nil) }
    }

    /// Segments times pieces would be a thousand and more.
    @Test func manyCoresDoNotTakeAllMemory() async throws {
        let site = try await Site()
        for number in 0..<120 {
            try site.write("large/\(number)", [UInt8](repeating: UInt8(number), count: 700_000))
            try site.write("small/\(number)/a", [UInt8](repeating: UInt8(number), count: 200_000))
        }
        let storage = CountingStorage()
        let summary = try await VolumeBackup(storage: storage, chunkerSeed: 0, cores: 64).run(
            walking: try VolumeWalk(root: site.root, options: WalkOptions()), previous: nil,
            observer: VolumeBackup.Observer())
        #expect(summary.files == 240 && summary.bytesRead == 120 * 900_000)
        #expect(storage.most > 2 && storage.most <= 17, "\(storage.most)")
    }

    /// Files are cut where their content says so, however much of them is read at a time.
    @Test func cutsDoNotDependOnTheReading() async throws {
        let site = try await Site()
        let same = [UInt8](repeating: 7, count: 9_000_000)
        let different = noise(count: 4_000_000, seed: 3)
        let chunker = ContentDefinedChunker(sizes: .content, seed: site.repository.chunkerSeed)
        for content in [same, different + same.prefix(2_500_000) + different.prefix(600_000), same + different] {
            try site.write("file", content)
            var lengths: [Int] = []
            var start = 0
            while start < content.count {
                lengths.append(content[start...].withUnsafeBytes { chunker.firstPiece(of: $0) })
                start += lengths[lengths.count - 1]
            }
            let (snapshot, _) = try await site.backUp()
            let file = try #require(try await site.entries(of: snapshot).last)
            #expect(file.extents.map { Int($0.length) } == lengths)
            #expect(try await site.content(of: file) == content)
        }
    }
}
