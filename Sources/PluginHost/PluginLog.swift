import Foundation
import GodwitModel

/// Who is told the lines of plugins' logs. It is called from any thread and must return at once.
public typealias PluginLogSink = @Sendable (PluginLogLine) -> Void

/// A line of a plugin's log.
public struct PluginLogLine: Sendable, Hashable {
    /// How serious it is.
    public enum Level: String, Sendable, Hashable, Comparable {
        /// For those who look for a fault.
        case debug
        /// What happened.
        case info
        /// What a person should know.
        case warning
        /// What failed.
        case error

        /// debug is the least.
        public static func < (left: Level, right: Level) -> Bool { left.order < right.order }

        private var order: Int {
            switch self {
            case .debug: 0
            case .info: 1
            case .warning: 2
            case .error: 3
            }
        }
    }

    /// The file name of the program that said it.
    public let program: String
    /// How serious it is; lines that do not say are information.
    public let level: Level
    /// What it says, on one line, without control characters.
    public let message: String

    /// A line.
    public init(program: String, level: Level, message: String) {
        self.program = program
        self.level = level
        self.message = message
    }

    /// Reads a line of standard error: JSON with `@level` and `@message` as go-plugin's logger writes it, or any text.
    init(program: String, text: String) {
        self.program = program
        guard text.first == "{", let json = try? JSONValue(parsing: text), let members = json.object,
            let message = (members["@message"] ?? members["msg"] ?? members["message"])?.string
        else {
            level = .info
            self.message = text.printable
            return
        }
        let said = (members["@level"] ?? members["level"])?.string ?? ""
        level =
            switch said.lowercased() {
            case "trace", "debug": .debug
            case "warn", "warning": .warning
            case "error", "fatal", "panic": .error
            default: .info
            }
        // What else the line says, except when and where: that is this program's own business.
        let rest = members.filter { !Self.ownMembers.contains($0.key) }.sorted { $0.key < $1.key }.map { member in
            "\(member.key)=\(member.value.string ?? String(decoding: member.value.serialized(), as: UTF8.self))"
        }
        self.message = ([message] + rest).joined(separator: " ").printable
    }

    private static let ownMembers: Set<String> = [
        "@message", "@level", "@timestamp", "@module", "@caller", "msg", "message", "level", "time", "timestamp",
    ]
}
