import Foundation
import GodwitModel

/// Standard output and standard error, and what they can show.
struct Console: Sendable {
    /// The process's console.
    static let standard = Console(environment: ProcessInfo.processInfo.environment)

    /// Whether standard error is a terminal, where progress may be drawn.
    let errorIsTerminal: Bool
    /// Styling for standard output.
    let style: Style
    /// Styling for standard error.
    let errorStyle: Style

    init(environment: [String: String]) {
        let allowsColour = environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
        errorIsTerminal = isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
        style = Style(isEnabled: allowsColour && isatty(STDOUT_FILENO) == 1)
        errorStyle = Style(isEnabled: allowsColour && isatty(STDERR_FILENO) == 1)
    }

    /// Columns of the terminal behind standard error; 80 where there is none.
    var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Writes a line, or lines, to standard output.
    func print(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    /// Writes a line to standard error.
    func complain(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// Writes text without a line end to standard error.
    func draw(_ text: String) { write(text, to: STDERR_FILENO) }

    /// Writes bytes to standard output.
    ///
    /// - Throws: ``StandardOutputError`` when they cannot be written.
    func write(_ bytes: [UInt8]) throws {
        guard Self.writeAll(bytes, to: STDOUT_FILENO) else { throw StandardOutputError(code: errno) }
    }

    /// Writes all of a text. A reader that has gone ends the program quietly, as it would end `cat`; a full disk does not.
    private func write(_ text: String, to descriptor: Int32) {
        guard !Self.writeAll(Array(text.utf8), to: descriptor) else { return }
        _exit(errno == EPIPE ? 128 + SIGPIPE : ExitStatus.failed.rawValue)
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                return false
            }
            rest = rest.dropFirst(written)
        }
        return true
    }
}

/// Standard output takes no more.
struct StandardOutputError: AdvisedError {
    let code: Int32
    var summary: String { "cannot write to standard output" }
    var reason: String? { String(cString: strerror(code)) }
    var advice: String? { nil }
}
