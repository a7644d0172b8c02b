import ArgumentParser

/// `godwit plugin`
struct PluginCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugin", abstract: "See which plugins there are.", subcommands: [PluginGet.self])
}
