/// Runs commands in containers.
public protocol PodExecutor: Sendable {
    /// Runs a command (no shell) and waits for its end.
    ///
    /// - Throws: ``ClusterError`` when the command could not be run; a command that ran and failed is a result.
    func execute(_ command: [String], in container: ContainerReference, timeout: Duration?) async throws -> ExecResult
}

/// Which container.
public struct ContainerReference: Sendable, Hashable {
    /// The pod's namespace.
    public var namespace: String
    /// The pod's name.
    public var pod: String
    /// The container's name; nil for the first.
    public var container: String?

    /// Names a container.
    public init(namespace: String, pod: String, container: String? = nil) {
        self.namespace = namespace
        self.pod = pod
        self.container = container
    }
}

/// What came of a command.
public struct ExecResult: Sendable, Hashable {
    /// The exit code.
    public let exitCode: Int
    /// What it wrote, cut at 64 KiB.
    public let standardOutput: [UInt8]
    /// What it complained, cut at 64 KiB.
    public let standardError: [UInt8]

    /// A result.
    public init(exitCode: Int, standardOutput: [UInt8], standardError: [UInt8]) {
        self.exitCode = exitCode
        self.standardOutput = standardOutput
        self.standardError = standardError
    }
}
