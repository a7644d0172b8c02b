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

    /// Where the configuration is.
    var configurationPath: String { Self.configurationPath(config) }

    /// Where the configuration is, unless a file was named.
    static func configurationPath(_ named: String?) -> String {
        if let named { return named }
        let environment = ProcessInfo.processInfo.environment
        if let path = environment["GODWIT_CONFIG"], !path.isEmpty { return path }
        if let base = environment["XDG_CONFIG_HOME"], !base.isEmpty { return base + "/godwit/config.json" }
        // Foundation's home is that of the user's entry in /etc/passwd, which a container's user need not have.
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
        return home + "/.config/godwit/config.json"
    }
}
