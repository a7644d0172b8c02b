import Foundation
import GodwitModel
import ProgramTestKit
import Testing

/// What `--help` prints is what people learn the program by: it changes only on purpose.
///
/// The expected texts stand in `Golden/`, one file a command. `GODWIT_RECORD=1 swift test --filter HelpTests` writes
/// them anew.
@Suite struct HelpTests {
    private static let folder = Checkout.path("Tests/CommandLineTests/Golden")
    private static let isRecording = TestEnvironment["GODWIT_RECORD"] == "1"

    /// The words of every command, found by the program's own description of itself.
    private static func commands() async throws -> [[String]] {
        let workspace = try Workspace()
        let dump = try await workspace.godwit("--experimental-dump-help")
        let description = try JSONValue(parsing: dump.output)
        func walk(_ command: JSONValue, _ path: [String]) -> [[String]] {
            let children = (command["subcommands"]?.array ?? []).filter { $0["commandName"]?.string != "help" }
            return [path]
                + children.flatMap { child in walk(child, path + [child["commandName"]?.string ?? "?"]) }
        }
        return walk(try #require(description["command"]), [])
    }

    private static func file(_ command: [String]) -> String { (["godwit"] + command).joined(separator: "-") + ".txt" }

    @Test func everyCommandsHelpIsAsRecorded() async throws {
        let workspace = try Workspace()
        let commands = try await Self.commands()
        #expect(commands.count > 15)
        if Self.isRecording {
            try? FileManager.default.removeItem(atPath: Self.folder)
            try FileManager.default.createDirectory(atPath: Self.folder, withIntermediateDirectories: true)
        }
        for command in commands {
            let help = try await workspace.godwit(["help"] + command)
            #expect(help.status == 0 && help.errors.isEmpty, "\(help)")
            let path = "\(Self.folder)/\(Self.file(command))"
            if Self.isRecording { try help.output.write(toFile: path, atomically: true, encoding: .utf8) }
            let expected = try? String(contentsOfFile: path, encoding: .utf8)
            #expect(help.output == expected, "\(Self.file(command)); record again with GODWIT_RECORD=1 if it is meant")
        }
        let recorded = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
        #expect(Set(recorded) == Set(commands.map(Self.file)), "a command came or went")
    }

    @Test func theThreeWaysToAskForHelpAgree() async throws {
        let workspace = try Workspace()
        for command in [["backup", "create"], ["restore"], []] {
            let texts = [
                try await workspace.godwit(["help"] + command), try await workspace.godwit(command + ["--help"]),
                try await workspace.godwit(command + ["-h"]),
            ]
            #expect(Set(texts.map(\.output)).count == 1 && texts.allSatisfy { $0.status == 0 }, "\(texts)")
        }
    }

    @Test func nothingIsWiderThanATerminal() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.folder) {
            let text = try String(contentsOfFile: "\(Self.folder)/\(name)", encoding: .utf8)
            for line in text.split(separator: "\n") where !line.contains("://") && !line.hasPrefix("USAGE") {
                #expect(line.count <= 100, "\(name): \(line)")
            }
        }
    }

    @Test func completionScriptsAreAcceptedByTheirShells() async throws {
        let workspace = try Workspace()
        for shell in ["bash", "zsh", "fish"] {
            let script = try await workspace.godwit("completion", shell)
            #expect(script.status == 0 && script.output.contains("backup-location"), "\(script.errors)")
            try workspace.write(script.output, to: "completion.\(shell)")
        }
        let check = try await workspace.bash("bash -n completion.bash")
        #expect(check.status == 0, "\(check)")
    }
}
