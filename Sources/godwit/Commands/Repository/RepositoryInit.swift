import ArgumentParser
import GodwitModel
import VolumeRepository

/// `godwit repository init`
struct RepositoryInit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a repository, encrypted when a password or key is given.",
        discussion: """
            Whether a repository is encrypted cannot be changed later. Without the password or key nobody can read an \
            encrypted one: keep it where a fire in the data centre does not reach it.
            """)

    @Option(help: ArgumentHelp("Level of the compression, 1 to 19.", valueName: "level"))
    var compressionLevel = RepositoryConfiguration.standardLevel

    @OptionGroup(title: "Repository") var repository: RepositoryOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (1...19).contains(compressionLevel) else { throw ValidationError("--compression-level is 1 to 19") }
    }

    func run() async throws {
        let credentials = try repository.credentials()
        let made = try await Repository.create(
            store: try await repository.store(global), credentials: credentials, compressionLevel: compressionLevel)
        let console = Console.standard
        let configuration = made.configuration
        switch output.output {
        case .name: console.print(configuration.id)
        case .json, .yaml:
            try console.print(
                ["id": .string(configuration.id), "encrypted": .bool(configuration.isEncrypted)], as: output.output)
        case .table:
            let kind = configuration.isEncrypted ? "encrypted" : "unencrypted"
            console.print("repository \(configuration.id.prefix(8)) is made, \(kind)")
        }
    }
}
