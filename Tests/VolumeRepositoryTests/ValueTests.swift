import Testing
import VolumeRepository

@Suite struct ValueTests {
    @Test func chunkIDsGoBothWays() throws {
        let bytes = (0..<32).map { UInt8($0 * 8 + 3) }
        let id = try #require(ChunkID(bytes: bytes))
        #expect(id.bytes == bytes)
        #expect(ChunkID(id.description) == id)
        #expect(id.description.hasPrefix("030b131b"))
        #expect(ChunkID(id.description.uppercased()) == nil)
        #expect(ChunkID(String(id.description.dropLast())) == nil)
        #expect(ChunkID(bytes: bytes.dropLast()) == nil)
    }

    @Test func directoriesStandRightBeforeTheirContent() {
        let paths = ["", "a", "a/b", "a/b/c", "a/z", "a!", "a-b", "b"].map { Array($0.utf8) }
        for (index, left) in paths.enumerated() {
            for (other, right) in paths.enumerated() {
                #expect(isBeforeInPathOrder(left, right) == (index < other))
            }
        }
    }
}
