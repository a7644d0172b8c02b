import GodwitTestKit
import Testing

@testable import VolumeRepository

@Suite struct ChunkerTests {
    private let chunker = ContentDefinedChunker(sizes: .content, seed: 42)

    @Test func piecesKeepTheirBounds() {
        let bytes = random(count: 40 << 20, seed: 1)
        let pieces = cut(bytes, by: chunker)
        #expect(pieces.reduce(0) { $0 + $1.count } == bytes.count)
        for piece in pieces.dropLast() {
            #expect(piece.count > chunker.sizes.minimum && piece.count <= chunker.sizes.maximum)
        }
        let average = bytes.count / pieces.count
        #expect((chunker.sizes.average / 2...chunker.sizes.average * 2).contains(average), "\(average)")
    }

    @Test func anInsertionMovesOnlyTheCutsNearIt() {
        let bytes = random(count: 24 << 20, seed: 2)
        let before = cut(bytes, by: chunker)
        let after = cut(Array(bytes[..<5_000_000]) + [1, 2, 3] + Array(bytes[5_000_000...]), by: chunker)
        let known = Set(before.map(Array.init))
        #expect(after.count { !known.contains(Array($0)) } <= 3)
    }

    @Test func whatRepeatsIsCutAtTheMaximum() {
        let pieces = cut([UInt8](repeating: 0, count: 9 << 20), by: chunker)
        #expect(pieces.map(\.count) == [4 << 20, 4 << 20, 1 << 20])
    }

    @Test(arguments: [1, 63, 64, 256 << 10, (256 << 10) + 1]) func shortContentIsOnePieceOrTwo(count: Int) {
        let bytes = random(count: count, seed: 3)
        let pieces = cut(bytes, by: chunker)
        #expect(pieces.flatMap { $0 } == bytes)
        #expect(pieces.count <= 2)
    }

    @Test func anotherSeedCutsElsewhere() {
        let bytes = random(count: 16 << 20, seed: 4)
        let other = ContentDefinedChunker(sizes: .content, seed: 43)
        #expect(cut(bytes, by: chunker).map(\.count) != cut(bytes, by: other).map(\.count))
    }

    /// Whatever the sizes, the seed and the content: the pieces are the content, and follow from what lies in them.
    @Test(arguments: 1...40) func piecesFollowFromTheirContent(seed: UInt64) {
        var numbers = SeededGenerator(seed: seed)
        let average = 1 << Int.random(in: 8...12, using: &numbers)
        let sizes = ContentDefinedChunker.Sizes(
            minimum: max(64, average / Int.random(in: 2...8, using: &numbers)), average: average,
            maximum: average * Int.random(in: 2...8, using: &numbers))
        let chunker = ContentDefinedChunker(sizes: sizes, seed: numbers.next())
        var bytes: [UInt8] = []
        while bytes.count < 60_000 {
            // Noise, and stretches in which nothing changes.
            let count = Int.random(in: 1...6000, using: &numbers)
            bytes += Bool.random(using: &numbers) ? numbers.bytes(count) : [UInt8](repeating: 9, count: count)
        }
        let pieces = cut(bytes, by: chunker)
        #expect(pieces.flatMap { $0 } == bytes)
        for piece in pieces.dropLast() {
            #expect(piece.count > sizes.minimum && piece.count <= sizes.maximum)
            // A reader that holds no more than the largest piece cuts at the same place.
            let window = bytes[piece.startIndex..<min(bytes.count, piece.startIndex + sizes.maximum)]
            #expect(window.withUnsafeBytes { chunker.firstPiece(of: $0) } == piece.count)
            // What follows the cut does not matter to it.
            let other = Array(piece) + numbers.bytes(sizes.maximum)
            let again = other.withUnsafeBytes { chunker.firstPiece(of: $0) }
            #expect(again == piece.count || piece.count == sizes.maximum)
        }
        // Whatever stands in front: from the first common cut on, all cuts are the same.
        let shifted = numbers.bytes(777) + bytes
        let ends = Set(pieces.map { $0.endIndex + 777 })
        let others = cut(shifted, by: chunker).map(\.endIndex)
        if let common = others.first(where: ends.contains) {
            #expect(ends.filter { $0 >= common } == Set(others.filter { $0 >= common }))
        }
    }

    @Test func bundlesEndByNameBetweenTheirBounds() {
        var ends = 0
        for number in 0..<10_000 {
            let name = Array("file-\(number).txt".utf8)
            #expect(!BundlePolicy.ends(size: BundlePolicy.minimum - 1, lastName: name))
            #expect(BundlePolicy.ends(size: BundlePolicy.maximum, lastName: name))
            if BundlePolicy.ends(size: BundlePolicy.minimum, lastName: name) { ends += 1 }
        }
        #expect((200...450).contains(ends), "\(ends)")
    }

    private func cut(_ bytes: [UInt8], by chunker: ContentDefinedChunker) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var start = 0
        while start < bytes.count {
            let length = bytes[start...].withUnsafeBytes { chunker.firstPiece(of: $0) }
            pieces.append(bytes[start..<start + length])
            start += length
        }
        return pieces
    }

    private func random(count: Int, seed: UInt64) -> [UInt8] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state >> 24)
        }
    }
}
