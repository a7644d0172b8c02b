import ArgumentParser

/// `godwit plugin`
struct PluginCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugin", abstract: "See, add, remove and test plugins.",
        subcommands: [PluginGet.self, PluginAdd.self, PluginRemove.self, PluginTest.self])
}
