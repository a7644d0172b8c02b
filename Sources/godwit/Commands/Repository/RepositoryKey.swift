import ArgumentParser
import GodwitModel
import VolumeRepository

/// `godwit repository key`
struct RepositoryKey: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "See and change what opens an encrypted repository.",
        subcommands: [RepositoryKeyAdd.self, RepositoryKeyList.self, RepositoryKeyRemove.self])
}

/// `godwit repository key list`
struct RepositoryKeyList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the keys.")

    @OptionGroup(title: "Repository") var repository: RepositoryOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let console = Console.standard
        let keys = try await repository.open(global).keys()
        switch output.output {
        case .name: for key in keys { console.print(key.id) }
        case .json, .yaml: try console.print(.array(keys.map(\.json)), as: output.output)
        case .table:
            guard !keys.isEmpty else {
                console.complain("the repository is not encrypted and has no keys")
                return
            }
            var table = Table("ID", "LABEL", "HOST", "AGE")
            for key in keys { table.add(String(key.id.prefix(8)), key.label, key.host, Units.age(key.created)) }
            console.print(table.rendered())
        }
    }
}

/// `godwit repository key add`
struct RepositoryKeyAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a password or a key; nothing is encrypted anew.")

    @Option(help: ArgumentHelp("A file whose first line is the new password.", valueName: "file"), completion: .file())
    var newPasswordFile: String?

    @Option(help: ArgumentHelp("A file that is the new key.", valueName: "file"), completion: .file())
    var newKeyFile: String?

    @Option(help: "What to call it.")
    var label = ""

    @OptionGroup(title: "Repository") var repository: RepositoryOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (newPasswordFile == nil) != (newKeyFile == nil) else {
            throw ValidationError("give --new-password-file or --new-key-file")
        }
    }

    func run() async throws {
        let credentials = try repository.requiredCredentials()
        let new: RepositoryCredentials
        if let newPasswordFile {
            new = try RepositoryOptions.password(in: newPasswordFile)
        } else {
            new = try .keyFile(RepositoryOptions.content(of: newKeyFile ?? ""))
        }
        let key = try await repository.open(global).addKey(new, label: label, credentials: credentials)
        let console = Console.standard
        switch output.output {
        case .name: console.print(key.id)
        case .json, .yaml: try console.print(key.json, as: output.output)
        case .table: console.print("key \(key.id.prefix(8)) is added")
        }
    }
}

/// `godwit repository key remove`
struct RepositoryKeyRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove a key; open the repository with another one for it.")

    @Argument(help: "The key: its id, or the first digits.")
    var key: String

    @OptionGroup(title: "Repository") var repository: RepositoryOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let credentials = try repository.requiredCredentials()
        try await repository.open(global).removeKey(key, credentials: credentials)
        Console.standard.print("key \(key) is removed")
    }
}

extension RepositoryKeyInfo {
    /// The key's description for scripts.
    fileprivate var json: JSONValue {
        ["id": .string(id), "label": .string(label), "host": .string(host)]
    }
}
