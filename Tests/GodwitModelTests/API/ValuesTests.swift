import Foundation
import GodwitModel
import GodwitTestKit
import Testing

@Suite struct ValuesTests {
    /// What Go's time.ParseDuration and Duration.String make of a text: nanoseconds (nil: refused), text.
    @Test(arguments: [
        ("720h0m0s", 2_592_000_000_000_000, "720h0m0s"), ("0", 0, "0s"), ("1h", 3_600_000_000_000, "1h0m0s"),
        ("1.5h", 5_400_000_000_000, "1h30m0s"), ("90m", 5_400_000_000_000, "1h30m0s"),
        ("-1m", -60_000_000_000, "-1m0s"),
        ("+5s", 5_000_000_000, "5s"), ("300ms", 300_000_000, "300ms"), ("1.25ms", 1_250_000, "1.25ms"),
        ("1us", 1000, "1µs"), ("1.5\u{B5}s", 1500, "1.5µs"), ("2\u{3BC}s", 2000, "2µs"), ("7ns", 7, "7ns"),
        (".5s", 500_000_000, "500ms"), ("1.s", 1_000_000_000, "1s"),
        ("1m1.000000001s", 61_000_000_001, "1m1.000000001s"),
        ("2562047h47m16.854775807s", Int64.max, "2562047h47m16.854775807s"),
    ]) func durations(text: String, nanoseconds: Int64, written: String) {
        let duration = GoDuration.parse(text)
        #expect(duration == .nanoseconds(nanoseconds))
        #expect(duration.map(GoDuration.format) == written)
    }

    @Test(arguments: [
        "", "1", "h", "1x", "-", "+", ".", ".s", "1h-1m", " 1h", "1h ", "1d", "2562047h47m16.854775808s",
        "9999999999999h", "١h",
    ])
    func refusesDurations(text: String) { #expect(GoDuration.parse(text) == nil) }

    @Test func durationsRoundTrip() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<5000 {
            let value = Duration.nanoseconds(Int64.random(in: -(1 << 53)...(1 << 53), using: &generator))
            #expect(GoDuration.parse(GoDuration.format(value)) == value)
        }
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0.0), ("2000-02-29T12:34:56Z", 951_827_696), ("1969-12-31T23:59:59Z", -1),
        ("2026-11-21T02:31:06+01:00", 1_795_224_666), ("2026-11-20T20:01:06-05:30", 1_795_224_666),
        ("2026-11-21T01:31:06.5z", 1_795_224_666.5), ("0001-01-01T00:00:00Z", -62_135_596_800),
        ("9999-12-31T23:59:59Z", 253_402_300_799), ("1900-03-01T00:00:00Z", -2_203_891_200),
    ]) func times(text: String, seconds: Double) {
        #expect(RFC3339.parse(text)?.timeIntervalSince1970 == seconds)
    }

    @Test(arguments: [
        "", "2026-11-21", "2026-11-21 01:31:06Z", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-11-21T24:00:00Z", "2026-11-21T01:31:06", "2026-11-21T01:31:06.Z", "2026-11-21T01:31:06Zx",
        "2026-11-21T01:31:06+0100", "+026-11-21T01:31:06Z",
    ]) func refusesTimes(text: String) { #expect(RFC3339.parse(text) == nil) }

    @Test func timesRoundTrip() {
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<5000 {
            let date = Date(
                timeIntervalSince1970: Double(Int.random(in: -62_167_219_200...253_402_300_799, using: &generator)))
            #expect(RFC3339.parse(RFC3339.format(date)) == date)
        }
        #expect(RFC3339.format(Date(timeIntervalSince1970: -0.5)) == "1969-12-31T23:59:59Z")
        #expect(RFC3339.format(.distantFuture).count == 20)
        #expect(RFC3339.format(Date(timeIntervalSince1970: 1e30)) == "9999-12-31T23:59:59Z")
    }

    @Test func names() {
        for name in ["a", "a-b", "a.b-c.1", String(repeating: "a", count: 253)] {
            #expect(NameValidation.problem(withSubdomain: name) == nil)
        }
        for name in [
            "", "A", "-a", "a-", "a..b", ".a", "a.", "a_b", "a/b", "ä", "..", String(repeating: "a", count: 254),
        ] {
            #expect(NameValidation.problem(withSubdomain: name) != nil)
        }
        #expect(NameValidation.problem(withLabel: "a.b") != nil)
        #expect(NameValidation.problem(withLabel: String(repeating: "a", count: 64)) != nil)
        #expect(NameValidation.problem(withLabel: "team-1") == nil)
    }
}
