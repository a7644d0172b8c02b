/// How long a plugin may take and how much it may say. What goes past a limit fails the call that met it.
public struct PluginLimits: Sendable, Hashable {
    /// From the start of the program until it is healthy.
    public var startup: Duration = .seconds(60)
    /// A call that has one answer.
    public var call: Duration = .seconds(600)
    /// Between two pieces of a stream.
    public var idle: Duration = .seconds(300)
    /// An answer to a question after what the program is, or later after its health.
    public var answer: Duration = .seconds(30)
    /// A program that has worked on nothing and said nothing for so long is asked for its health before the next call.
    public var quiet: Duration = .seconds(30)
    /// Each step of ending a program: after it was asked, and after SIGTERM.
    public var shutdown: Duration = .seconds(3)
    /// A message in bytes.
    public var message = 32 << 20
    /// A message that lists objects, in bytes: Velero's protocol lists all keys in one.
    public var listing = 256 << 20
    /// An object in bytes, where nothing says beforehand how large it is: what the largest stores take.
    public var object: Int64 = 5 << 40
    /// A line of a plugin's log in bytes; what is longer is cut.
    public var logLine = 16 << 10
    /// Items that one answer may name.
    public var items = 10_000
    /// Plugins that one program may offer.
    public var plugins = 256
    /// How often a program that crashes is started again within ``restartWindow``.
    public var restarts = 5
    /// The time in which ``restarts`` are counted.
    public var restartWindow: Duration = .seconds(60)

    /// The limits that suit most.
    public init() {}
}
