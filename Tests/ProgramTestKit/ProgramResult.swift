/// How a program ended, and what it said.
public struct ProgramResult: Sendable, CustomStringConvertible {
    /// The ways in which a process ends.
    public enum Ending: Sendable, Hashable {
        /// It exited with this status.
        case exited(Int32)
        /// This signal ended it.
        case signalled(Int32)
    }

    /// The command line, for messages.
    public let command: String
    /// How it ended.
    public let ending: Ending
    /// Standard output.
    public let output: String
    /// Standard error.
    public let errors: String

    /// The exit status, or 128 and the number of the signal, as shells have it.
    public var status: Int32 {
        switch ending {
        case .exited(let status): status
        case .signalled(let signal): 128 + signal
        }
    }

    /// Everything that helps to understand a failed expectation.
    public var description: String { "$ \(command)\n\(output)\(errors)=> \(ending)" }
}
