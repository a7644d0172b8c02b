import Streams

/// The Castagnoli CRC (RFC 3720, appendix B.4), which stores call CRC32C. Eight bytes a step.
package struct CRC32C: Sendable {
    private var state: UInt32 = ~0

    /// The checksum of no bytes.
    package init() {}

    /// The checksum of the bytes so far.
    package var value: UInt32 { ~state }

    /// The bytes of ``value``, the highest first, in base64: as services write it.
    package var base64: String { withUnsafeBytes(of: value.bigEndian) { CloudStorage.base64($0) } }

    /// Takes more bytes.
    package mutating func update(_ bytes: [UInt8]) {
        state = bytes.withUnsafeBytes { bytes in
            Self.tables.withUnsafeBufferPointer { Self.update(state, bytes, $0) }
        }
    }

    /// The checksum of these and more bytes, off the cooperative pool.
    package func updated(with bytes: [UInt8]) async throws -> CRC32C {
        try await BlockingPool.shared.run {
            var crc = self
            crc.update(bytes)
            return crc
        }
    }

    /// The checksum of bytes.
    package static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes)
        return crc.value
    }

    private static func update(
        _ start: UInt32, _ bytes: UnsafeRawBufferPointer, _ tables: UnsafeBufferPointer<UInt32>
    ) -> UInt32 {
        var crc = start
        var index = 0
        let words = bytes.count & ~7
        while index < words {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) ^ UInt64(crc)
            let low = tables[Int(0x700 | (word & 0xFF))] ^ tables[Int(0x600 | ((word >> 8) & 0xFF))]
            let lowMiddle = tables[Int(0x500 | ((word >> 16) & 0xFF))] ^ tables[Int(0x400 | ((word >> 24) & 0xFF))]
            let highMiddle = tables[Int(0x300 | ((word >> 32) & 0xFF))] ^ tables[Int(0x200 | ((word >> 40) & 0xFF))]
            let high = tables[Int(0x100 | ((word >> 48) & 0xFF))] ^ tables[Int(word >> 56)]
            crc = low ^ lowMiddle ^ highMiddle ^ high
            index += 8
        }
        while index < bytes.count {
            crc = tables[Int((crc ^ UInt32(bytes[index])) & 0xFF)] ^ (crc >> 8)
            index += 1
        }
        return crc
    }

    /// Eight tables of 256: table n moves a byte n places further.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0x82F6_3B78 : value >> 1 }
            tables[byte] = value
        }
        for index in 256..<tables.count {
            let before = tables[index - 256]
            tables[index] = tables[Int(before & 0xFF)] ^ (before >> 8)
        }
        return tables
    }()
}
