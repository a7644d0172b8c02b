import ArgumentParser
import Foundation

/// The program: parses the arguments, runs one command, prints its error, and ends with the exit code that
/// docs/exit-codes.md promises.
@main
enum Program {
    static func main() async {
        Allocator.bound()
        // A pipe whose reader has gone is an error of the write, not a signal.
        signal(SIGPIPE, SIG_IGN)
        let arguments = ArgumentNormalizer.normalize(Array(CommandLine.arguments.dropFirst()))
        let status = await run(arguments)
        await ExternalPlugins.stop()
        // Not exit(3): its handlers take apart what libraries hold, such as OpenSSL's tables, under threads that still
        // run, and a backup that is complete would end with a crash.
        fflush(nil)
        _exit(status.rawValue)
    }

    private static func run(_ arguments: [String]) async -> ExitStatus {
        var command: any ParsableCommand
        do {
            command = try Godwit.parseAsRoot(arguments)
        } catch {
            return printUsage(error)
        }
        let interruption = Interruption()
        do {
            try await interruption.run {
                if var asynchronous = command as? any AsyncParsableCommand {
                    try await asynchronous.run()
                } else {
                    try command.run()
                }
            }
            return .done
        } catch let outcome as ExitStatus {
            return outcome
        } catch {
            if let signal = interruption.received {
                Console.standard.complain("interrupted; what had been begun was cleaned up")
                return .interrupted(by: signal)
            }
            // Help that was asked for, and mistakes that are only seen when a command runs, come from the parser.
            if [.success, .validationFailure].contains(Godwit.exitCode(for: error)) { return printUsage(error) }
            ErrorRenderer(Console.standard).render(error)
            return UsageMistake.isOne(error) ? .usage : .failed
        }
    }

    /// Help goes to standard output and is a success; a mistake goes to standard error and is wrong usage.
    private static func printUsage(_ error: any Error) -> ExitStatus {
        let message = Godwit.fullMessage(for: error)
        guard Godwit.exitCode(for: error) != .success else {
            Console.standard.print(message)
            return .done
        }
        Console.standard.complain(message)
        return .usage
    }
}

/// The root command.
struct Godwit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "godwit",
        abstract: "Back up, restore and migrate Kubernetes objects.",
        version: Version.current,
        subcommands: [
            BackupCommand.self, RestoreCommand.self, VolumeCommand.self, RepositoryCommand.self,
            BackupLocationCommand.self, SnapshotLocationCommand.self, PluginCommand.self,
            VersionCommand.self, CompletionCommand.self,
        ]
    )
}
