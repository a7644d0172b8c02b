import Foundation
import GodwitPluginAPI
import PluginHost
import ProgramTestKit
import Synchronization

/// Programs that were built with the tests, put into a plugin directory of a test's own.
final class Programs: Sendable {
    let directory: String

    init() throws {
        directory = NSTemporaryDirectory() + "/godwit-plugins-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// A program of the build.
    static func built(_ name: String) -> String {
        (Checkout.godwit as NSString).deletingLastPathComponent + "/\(name)"
    }

    /// Puts a program of the build into the directory, under a name of its own if need be.
    @discardableResult
    func add(_ program: String, as name: String? = nil) throws -> String {
        let path = "\(directory)/\(name ?? program)"
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: Self.built(program))
        return path
    }

    /// Puts a script into the directory.
    @discardableResult
    func add(script: String, as name: String) throws -> String {
        let path = "\(directory)/\(name)"
        try script.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }
}

/// What plugins said.
final class LogBook: Sendable {
    private let stored = Mutex<[PluginLogLine]>([])

    var lines: [PluginLogLine] { stored.withLock { $0 } }

    var sink: PluginLogSink { { [self] line in stored.withLock { $0.append(line) } } }
}

/// Runs a body with a host of one program, and stops the host.
func withHost<Value: Sendable>(
    of programs: Programs, log: LogBook = LogBook(), _ adjust: (inout PluginHostOptions) -> Void = { _ in },
    _ body: (PluginHost) async throws -> Value
) async throws -> Value {
    var options = PluginHostOptions(directories: [programs.directory], log: log.sink)
    options.limits.startup = .seconds(180)
    options.limits.answer = .seconds(120)
    options.limits.shutdown = .milliseconds(500)
    adjust(&options)
    let host = PluginHost(options)
    do {
        let value = try await body(host)
        await host.stop()
        return value
    } catch {
        await host.stop()
        throw error
    }
}
