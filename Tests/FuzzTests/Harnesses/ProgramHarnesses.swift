import GRPCCore
import GodwitModel

@testable import PluginHost
@testable import PluginProtocol

// What a program of plugins prints, and where it says that its errors came from.
extension Harness {
    static let programs = [
        Harness(name: "handshake", maximumLength: 256, seeds: { handshakes.map(bytes) }, run: readHandshake),
        Harness(name: "plugin-log", maximumLength: 1024, seeds: { [bytes(logLines)] }, run: readLog),
        Harness(name: "stack-detail", maximumLength: 1024, seeds: { [try stack] }, run: readStack),
    ]

    /// The lines of a program's output, which comes in whatever pieces.
    private static func lines(of output: [[UInt8]], limit: Int) -> [String] {
        var cutter = LineCutter(limit: limit)
        var lines = output.flatMap { piece in piece.withUnsafeBytes { cutter.add($0) } }
        if let rest = cutter.rest() { lines.append(rest) }
        return lines
    }

    private static func readLines(_ output: [UInt8], limit: Int) throws -> [String] {
        let lines = lines(of: [output], limit: limit)
        try require(lines == self.lines(of: pieces(of: output), limit: limit), "lines hang on how they arrive")
        // A byte that is no text becomes three; the mark of what is cut has three too.
        for line in lines { try require(line.utf8.count <= 3 * limit + 3, "a line of \(line.utf8.count) bytes") }
        return lines
    }

    // MARK: Handshake

    private static let handshakes = [
        "1|2|unix|/tmp/plugin-1/plugin.sock|grpc\n", "1|2|tcp|127.0.0.1:4711|grpc|\n", "1|2|tcp|[::1]:80|grpc",
        "1|2|unix|/p|grpc|\r\nhello\n",
    ]

    private static func readHandshake(_ output: [UInt8]) throws {
        for line in try readLines(output, limit: 64) {
            let handshake: Handshake
            do throws(HandshakeFlaw) { handshake = try Handshake(parsing: line) } catch {
                let error = PluginError(
                    program: "p", plugin: nil, operation: "be started",
                    failure: .badHandshake(line: line, why: error.description))
                try require(error.cause.printable == error.cause, "an error that cannot be printed")
                continue
            }
            try requireSound(handshake)
        }
    }

    private static func requireSound(_ handshake: Handshake) throws {
        try require(try Handshake(parsing: handshake.line) == handshake, "it changes when it is written: \(handshake)")
        switch handshake.address {
        case .unix(let path):
            try require(path.hasPrefix("/") && path.utf8.count < 108 && !path.utf8.contains(0), "\(handshake)")
        case .tcp(let host, let port):
            try require(host.hasPrefix("127.") || ["::1", "[::1]"].contains(host), "\(handshake)")
            try require((1...65535).contains(port), "\(handshake)")
        }
    }

    // MARK: Log

    private static let logLines = """
        {"@level":"info","@message":"begun","@module":"plugin","@timestamp":"2026-01-02T03:04:05Z","n":1}
        {"level":"warning","msg":"slow\\n","time":"t","volume":{"a":[1,2]}}
        plain text

        {"level":"error","message":"\\u0007"
        """

    private static func readLog(_ output: [UInt8]) throws {
        for text in try readLines(output, limit: 256) {
            let line = PluginLogLine(program: "p", text: text)
            try require(line.message.printable == line.message, "a line that cannot be printed: \(line.message)")
            try require(
                !line.message.unicodeScalars.contains { $0 == "\n" || $0 == "\r" }, "a line of two: \(line.message)")
            // An escape such as \u0007 is shorter than what stands for it nowhere; numbers may be written longer.
            try require(line.message.utf8.count <= 16 * max(text.utf8.count, 1), "\(line.message.utf8.count) bytes")
        }
    }

    // MARK: Stacks

    private static var stack: [UInt8] {
        get throws {
            var error = RPCError(code: .unknown, message: "no")
            try error.add(stack: [("oracle.go", 42, "Ask"), ("main.go", 7, "main")])
            return error.metadata[binaryValues: key].first { _ in true } ?? []
        }
    }

    private static let key = "grpc-status-details-bin"

    private static func readStack(_ detail: [UInt8]) throws {
        var error = RPCError(code: .unknown, message: "no")
        error.metadata.addBinary(detail, forKey: key)
        let frames = error.stackFrames
        try require(frames.count <= 20, "\(frames.count) frames")
        try require(frames.reduce(0) { $0 + $1.utf8.count } <= 4 * detail.count + 20 * 16, "frames out of nothing")
        let refused = PluginError(
            program: "p", plugin: "example.com/p", operation: "ask",
            failure: .refused(code: "unknown", reason: "", stack: frames))
        try require(refused.cause.printable == refused.cause, "an error that cannot be printed")
    }
}
