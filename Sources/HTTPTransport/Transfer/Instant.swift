import Glibc

/// A moment of the monotonic clock, in nanoseconds: read at each callback, so it must cost nothing.
struct Instant: Comparable, Sendable {
    private let nanoseconds: UInt64

    static let never = Instant(nanoseconds: .max)

    static var now: Instant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The moment so much later; never, for no limit.
    func adding(_ duration: Duration?) -> Instant {
        guard let duration else { return .never }
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, seconds < 1_000_000_000 else { return seconds < 0 ? self : .never }
        return Instant(nanoseconds: nanoseconds + UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000))
    }

    /// Milliseconds from another moment to this one, rounded up, at least 0 and at most an hour.
    func milliseconds(after other: Instant) -> Int32 {
        guard nanoseconds > other.nanoseconds else { return 0 }
        return Int32(min((nanoseconds - other.nanoseconds - 1) / 1_000_000 + 1, 3_600_000))
    }
}
