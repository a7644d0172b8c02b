public import Foundation

/// How programs are found, started and limited.
public struct PluginHostOptions: Sendable {
    /// Where programs are looked for, in order; what is in an earlier directory hides what has the same file name in a
    /// later one.
    public var directories: [String]
    /// The level that programs are told to log at: `debug`, `info`, `warning` or `error`.
    public var logLevel = "info"
    /// Velero's feature flags that programs are told of.
    public var features: [String] = []
    /// What they may take and say.
    public var limits = PluginLimits()
    /// This process's environment, of which a choice is passed on.
    public var environment: [String: String]
    /// Is told each line of their logs.
    public var log: PluginLogSink

    /// Options.
    public init(
        directories: [String], environment: [String: String] = ProcessInfo.processInfo.environment,
        log: @escaping PluginLogSink = { _ in }
    ) {
        self.directories = directories
        self.environment = environment
        self.log = log
    }
}
