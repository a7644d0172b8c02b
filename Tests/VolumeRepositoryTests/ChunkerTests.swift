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
