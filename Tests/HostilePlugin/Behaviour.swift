import Foundation

/// How this program misbehaves: its file name says it, because that is all that reaches it unharmed.
enum Behaviour {
    static let name = (CommandLine.arguments.first.map { ($0 as NSString).lastPathComponent }) ?? ""

    static func `is`(_ other: String) -> Bool { name == other }
}

func printLine(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

func logLine(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

extension Data {
    /// Whether it is an item that is to go wrong alone.
    var isPoison: Bool { range(of: Data("poison".utf8)) != nil }
}

/// Does nothing, for ever.
func sleepForEver() -> Never {
    while true { sleep(1000) }
}

/// Gone at once, without a word.
func die() -> Never {
    kill(getpid(), SIGKILL)
    sleepForEver()
}
