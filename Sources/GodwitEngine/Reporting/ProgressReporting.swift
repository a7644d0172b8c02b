public import GodwitModel

/// How far a backup or restore is.
public struct Progress: Sendable, Hashable {
    /// What it is doing, in a few words: `secrets`, `uploading`.
    public var activity = ""
    /// Items done.
    public var items = 0
    /// Items expected; nil while unknown.
    public var totalItems: Int?
    /// Bytes of content done.
    public var bytes: Int64 = 0
    /// Warnings so far.
    public var warnings = 0
    /// Errors so far.
    public var errors = 0

    /// Nothing done yet.
    public init() {}
}

/// Something to tell while a run is under way.
public enum RunEvent: Sendable {
    /// How far it is. Sent often; a renderer chooses what to show.
    case progress(Progress)
    /// A line of the run's log.
    case log(LogLine)
    /// A line of the run's log that people see when they ask for details.
    case detail(LogLine)
}

/// A line of a run's log.
public struct LogLine: Sendable, Hashable {
    /// How serious it is.
    public enum Level: String, Sendable, Hashable {
        /// For those who look for a fault.
        case debug
        /// What happened.
        case info
        /// What a person should know.
        case warning
        /// What failed.
        case error

        /// Whether a person should see the line while the run is under way.
        var isForPeople: Bool { self == .warning || self == .error }
    }

    /// How serious it is.
    public var level: Level
    /// What happened.
    public var message: String
    /// The item it is about.
    public var item: ItemIdentity?

    /// A line.
    public init(_ level: Level, _ message: String, item: ItemIdentity? = nil) {
        self.level = level
        self.message = message
        self.item = item
    }
}

/// Who is told how a run goes. It is called from any task and must return at once.
public typealias RunObserver = @Sendable (RunEvent) -> Void
