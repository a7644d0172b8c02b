public import GodwitModel

/// A plugin that is a program did not do what it was asked, and why.
public struct PluginError: AdvisedError, Hashable {
    /// The ways in which a program fails.
    public enum Failure: Sendable, Hashable {
        /// The file is none that can be run, for this reason.
        case notRunnable(String)
        /// The system could not start it, for this reason.
        case notStarted(String)
        /// It ended before it said where it listens.
        case endedEarly(ProgramEnd)
        /// It did not say in time where it listens.
        case silent(Duration)
        /// What it said first is no handshake, for this reason.
        case badHandshake(line: String, why: String)
        /// Nothing answers where it says it listens.
        case unreachable(String)
        /// It says, or shows, that it does not work.
        case unhealthy(String)
        /// What it says of itself cannot be: names, kinds.
        case badListing(String)
        /// It ended during a call.
        case died(ProgramEnd)
        /// It did not answer in time.
        case timedOut(Duration)
        /// It sent more than is taken.
        case tooMuch(String)
        /// What it answered makes no sense.
        case badAnswer(String)
        /// It does not have what was asked for.
        case unsupported(String)
        /// It said no: gRPC's code, its reason, and where in it that came from.
        case refused(code: String, reason: String, stack: [String])
        /// It crashed too often to be started again.
        case givenUp(restarts: Int)
        /// It answered nothing for so long, was ended and started again, and answered nothing once more.
        case hung(Duration)
        /// It is being stopped.
        case stopped
    }

    /// The program's file name.
    public let program: String
    /// The plugin; nil when it is about the whole program.
    public let plugin: String?
    /// What was attempted, in words that follow "cannot": `list its plugins`.
    public let operation: String
    /// What went wrong.
    public let failure: Failure
    /// The last lines of its log.
    public let log: [String]

    /// Describes a failure.
    public init(program: String, plugin: String?, operation: String, failure: Failure, log: [String] = []) {
        self.program = program
        self.plugin = plugin
        self.operation = operation
        self.failure = failure
        self.log = log
    }

    /// Which plugin, and what it was to do.
    public var summary: String {
        let subject = plugin.map { "plugin \($0) (program '\(program)')" } ?? "plugin program '\(program)'"
        return "\(subject) cannot \(operation)"
    }

    /// What went wrong, with the last lines of the program's log.
    public var reason: String? {
        guard !log.isEmpty else { return cause }
        return cause + "; its log ends: " + log.joined(separator: " | ")
    }

    /// What went wrong, without the log: printable, whatever a program says, and not longer than one can read.
    public var cause: String { String(words.printable.prefix(4000)) }

    private var words: String {
        switch failure {
        case .notRunnable(let why): why
        case .notStarted(let why): "it could not be started: \(why)"
        case .endedEarly(let end): "it ended (\(end)) before it said where it listens"
        case .silent(let time): "it did not say within \(time.components.seconds) s where it listens"
        case .badHandshake(let line, let why): "its first line is no handshake: \(why) (it printed '\(line)')"
        case .unreachable(let why): "it cannot be reached: \(why)"
        case .unhealthy(let why): "it is not healthy: \(why)"
        case .badListing(let why): "what it says of itself cannot be: \(why)"
        case .died(let end): "it died (\(end))"
        case .timedOut(let time): "it did not answer within \(time.components.seconds) s"
        case .tooMuch(let what): "it sent too much: \(what)"
        case .badAnswer(let why): "its answer makes no sense: \(why)"
        case .unsupported(let what): "it does not have \(what)"
        case .refused(let code, let reason, let stack):
            (reason.isEmpty ? code : reason) + (stack.first.map { " (at \($0))" } ?? "")
        case .givenUp(let restarts): "it crashed \(restarts) times in a short while and is not started again"
        case .hung(let time):
            "it hangs: twice it answered nothing within \(time.components.seconds) s, and it is not started again"
        case .stopped: "it is being stopped"
        }
    }

    /// What to do next.
    public var advice: String? {
        switch failure {
        case .notRunnable: "correct the file's permissions, or remove it with 'godwit plugin remove'"
        case .notStarted, .endedEarly, .silent, .badHandshake, .unreachable, .unhealthy, .badListing:
            "run 'godwit plugin test \(program)', or ask who made the plugin"
        case .died, .givenUp, .hung: "see its log; with --verbose it says more"
        case .tooMuch, .badAnswer, .unsupported: "ask who made the plugin"
        case .timedOut: "try again; if it stays, see the plugin's log"
        case .refused, .stopped: nil
        }
    }
}

/// How a program ended.
public enum ProgramEnd: Sendable, Hashable, CustomStringConvertible {
    /// By itself, with an exit code.
    case exit(Int32)
    /// By a signal.
    case signal(Int32)

    init(code: Int32) { self = code < 0 ? .signal(-code) : .exit(code) }

    /// `exit code 2` or `signal 9`.
    public var description: String {
        switch self {
        case .exit(let code): "exit code \(code)"
        case .signal(let number): "signal \(number)"
        }
    }
}
