import ArgumentParser
import Foundation

/// Options that every command takes.
struct GlobalOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Show details that help to find a fault.")
    var verbose = false

    @Option(
        help: ArgumentHelp(
            "The configuration file.", discussion: "Default: ~/.config/godwit/config.json", valueName: "file"),
        completion: .file())
    var config: String?

    @Option(
        help: ArgumentHelp(
            "A directory of programs that are plugins; may stand more than once.",
            discussion: "Default: ~/.local/share/godwit/plugins and /plugins", valueName: "dir"),
        completion: .directory)
    var pluginDir: [String] = []

    @Option(
        help: ArgumentHelp(
            "Velero's feature flags that plugins are told of, as EnableCSI; comma-separated.", valueName: "flags"))
    var features: [CommaSeparated] = []

    /// Where programs that are plugins are looked for. The first is where 'plugin add' puts them.
    var pluginDirectories: PluginDirectories { Self.pluginDirectories(pluginDir) }

    /// Where programs are looked for, unless directories were named.
    static func pluginDirectories(_ named: [String]) -> PluginDirectories {
        if !named.isEmpty { return PluginDirectories(paths: named, option: "--plugin-dir") }
        let environment = ProcessInfo.processInfo.environment
        if let named = environment["GODWIT_PLUGIN_DIR"], !named.isEmpty {
            return PluginDirectories(
                paths: named.split(separator: ":").map(String.init), option: "GODWIT_PLUGIN_DIR")
        }
        let base = environment["XDG_DATA_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? home + "/.local/share"
        return PluginDirectories(paths: [base + "/godwit/plugins", "/plugins"], option: nil)
    }

    /// Where the configuration is.
    var configurationPath: String { Self.configurationPath(config) }

    /// Where the configuration is, unless a file was named.
    static func configurationPath(_ named: String?) -> String {
        if let named { return named }
        let environment = ProcessInfo.processInfo.environment
        if let path = environment["GODWIT_CONFIG"], !path.isEmpty { return path }
        if let base = environment["XDG_CONFIG_HOME"], !base.isEmpty { return base + "/godwit/config.json" }
        return Self.home + "/.config/godwit/config.json"
    }

    /// Foundation's home is that of the user's entry in /etc/passwd, which a container's user need not have.
    private static var home: String {
        let named = ProcessInfo.processInfo.environment["HOME"] ?? ""
        return named.isEmpty ? NSHomeDirectory() : named
    }
}
