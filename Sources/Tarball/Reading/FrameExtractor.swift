/// Decompresses one zstd frame and keeps the contents that were asked for.
final class FrameExtractor {
    private let locations: [ContentLocation]
    /// Indices of the locations, by offset.
    private let order: [Int]
    private let limits: TarballLimits
    private let codec: ZstdDecompressor
    private var found: [[UInt8]]
    /// The first in `order` that is not complete.
    private var next = 0
    private var produced: Int64 = 0
    /// Compressed bytes used so far.
    private(set) var consumed: Int64 = 0
    private var magic: [UInt8] = []

    init(_ locations: [ContentLocation], limits: TarballLimits) throws(TarballError) {
        var total: Int64 = 0
        for location in locations {
            guard location.offset >= 0, location.length >= 0,
                !location.offset.addingReportingOverflow(location.length).overflow
            else { throw .outsideFrame(location) }
            let (sum, overflow) = total.addingReportingOverflow(location.length)
            guard !overflow, sum <= limits.maximumTotalSize else { throw .tooLarge(limit: limits.maximumTotalSize) }
            total = sum
        }
        self.locations = locations
        self.limits = limits
        order = locations.indices.sorted { locations[$0].offset < locations[$1].offset }
        found = Array(repeating: [], count: locations.count)
        codec = try ZstdDecompressor()
    }

    /// Takes the next piece of the frame, and returns whether the frame has ended. What follows it is not looked at.
    func supply(_ piece: [UInt8]) throws -> Bool {
        if magic.count < 4 {
            magic += piece.prefix(4 - magic.count)
            guard magic == Array([0x28, 0xB5, 0x2F, 0xFD].prefix(magic.count)) else {
                throw TarballError.corrupted(offset: 0, reason: "no zstd frame begins here")
            }
        }
        return try withUnsafeTemporaryAllocation(byteCount: 128 << 10, alignment: 16) { room in
            var rest = 0
            while rest < piece.count || codec.holdsOutput {
                let step = try piece.withUnsafeBytes { try decompress($0[rest...], into: room) }
                rest += step.consumed
                consumed += Int64(step.consumed)
                keep(UnsafeRawBufferPointer(rebasing: room.prefix(step.produced)))
                try limits.check(produced: produced, from: consumed)
                if step.endsFrame { return true }
                if step.consumed == 0, step.produced == 0 { break }
            }
            return false
        }
    }

    /// What was found; only after the frame has ended.
    func contents() throws(TarballError) -> [[UInt8]] {
        for (location, content) in zip(locations, found)
        where Int64(content.count) != location.length || location.offset > produced {
            throw .outsideFrame(location)
        }
        return found
    }

    private func decompress(
        _ input: Slice<UnsafeRawBufferPointer>, into room: UnsafeMutableRawBufferPointer
    ) throws(TarballError) -> DecompressionStep {
        do {
            return try codec.step(UnsafeRawBufferPointer(rebasing: input), into: room)
        } catch {
            throw .corrupted(offset: consumed, reason: error.reason)
        }
    }

    private func keep(_ bytes: UnsafeRawBufferPointer) {
        let start = produced
        produced += Int64(bytes.count)
        while next < order.count, locations[order[next]].offset + locations[order[next]].length <= start { next += 1 }
        for index in order[next...] {
            let location = locations[index]
            guard location.offset < produced else { break }
            let first = max(location.offset, start)
            let last = min(location.offset + location.length, produced)
            guard first < last else { continue }
            if found[index].isEmpty { found[index].reserveCapacity(min(Int(location.length), 1 << 20)) }
            found[index].append(contentsOf: bytes[Int(first - start)..<Int(last - start)])
        }
    }
}
