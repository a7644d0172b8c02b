/// Inputs that follow from a seed: honest and known ones, changed at random.
struct Mutations {
    private static let numbers = [
        "0", "-1", "1e999", "4294967295", "4294967296", "9223372036854775807", "9223372036854775808",
        "18446744073709551616", "99999999999999999999",
    ].map { Array($0.utf8) }
    private static let bytes: [UInt8] = [
        0, 1, 0x0A, 0x20, 0x22, 0x2C, 0x2E, 0x2F, 0x30, 0x5B, 0x5C, 0x5D, 0x7B, 0x7D, 0x7F, 0x80, 0xC0, 0xFE, 0xFF,
    ]

    private let pool: [[UInt8]]
    private let limit: Int
    private var state: UInt64

    /// - Parameters:
    ///   - pool: what to begin with; not empty.
    ///   - limit: the most bytes of an input.
    init(of pool: [[UInt8]], limit: Int, seed: UInt64) {
        self.pool = pool
        self.limit = limit
        state = seed
    }

    /// The next input.
    mutating func next() -> [UInt8] {
        var input = pool[below(pool.count)]
        for _ in 0...below(6) { change(&input) }
        return Array(input.prefix(limit))
    }

    private mutating func change(_ input: inout [UInt8]) {
        guard !input.isEmpty else { return input.append(UInt8(below(256))) }
        let place = below(input.count)
        let end = place + below(min(64, input.count - place)) + 1
        switch below(9) {
        case 0: input[place] ^= 1 << UInt8(below(8))
        case 1: input[place] = Self.bytes[below(Self.bytes.count)]
        case 2: input[place] = UInt8(below(256))
        case 3: input.removeSubrange(place..<end)
        case 4: input.insert(contentsOf: input[place..<end], at: below(input.count))
        case 5: input.removeSubrange(place...)
        case 6:
            let other = pool[below(pool.count)]
            let start = below(other.count + 1)
            input.replaceSubrange(place..<end, with: other[start...].prefix(below(256) + 1))
        case 7: replaceNumber(&input, from: place)
        default: input.insert(Self.bytes[below(Self.bytes.count)], at: place)
        }
    }

    /// Puts another number where one stands.
    private mutating func replaceNumber(_ input: inout [UInt8], from place: Int) {
        let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
        guard let start = input[place...].firstIndex(where: isDigit) else { return }
        let end = input[start...].firstIndex { !isDigit($0) } ?? input.count
        input.replaceSubrange(start..<end, with: Self.numbers[below(Self.numbers.count)])
    }

    /// SplitMix64, cut to a range.
    private mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return Int((word ^ word >> 31) % UInt64(max(bound, 1)))
    }
}
