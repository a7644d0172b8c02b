import Foundation
import GodwitModel

/// A plugin's log. Its lines join the log of the backup or restore that uses the plugin.
public struct PluginLogger: Sendable {
    /// The program's log, at the level that the host asked for.
    public static let shared = PluginLogger(arguments: CommandLine.arguments)

    private let level: Int
    private static let levels = ["trace", "debug", "info", "warn", "error"]

    init(arguments: [String]) {
        var wanted = "info"
        for (index, argument) in arguments.enumerated() {
            if argument == "--log-level", index + 1 < arguments.count { wanted = arguments[index + 1] }
            if argument.hasPrefix("--log-level=") { wanted = String(argument.dropFirst(12)) }
        }
        level = Self.levels.firstIndex(of: wanted == "warning" ? "warn" : wanted) ?? 2
    }

    /// For those who look for a fault.
    public func debug(_ message: String) { write(1, message) }
    /// What happened.
    public func info(_ message: String) { write(2, message) }
    /// What a person should know.
    public func warning(_ message: String) { write(3, message) }
    /// What failed.
    public func error(_ message: String) { write(4, message) }

    private func write(_ level: Int, _ message: String) {
        guard level >= self.level else { return }
        let line: JSONValue = [
            "@level": .string(Self.levels[level]), "@message": .string(message),
            "@timestamp": .string(RFC3339.format(Date())),
        ]
        FileHandle.standardError.write(Data(line.serialized() + [0x0A]))
    }
}
