import ArgumentParser

/// `godwit version`
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    func run() {
        Console.standard.print("godwit \(Version.current)")
    }
}
