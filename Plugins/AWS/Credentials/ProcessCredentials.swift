import CloudStorage
import Foundation
import GodwitModel
import Streams

/// What a program prints (`credential_process`).
///
/// Source: "Process credential provider" in the AWS SDKs and Tools reference. The program's error output goes to ours.
struct ProcessCredentials: CredentialsSource {
    let command: String
    let profile: String

    var name: String { "credential_process of profile '\(profile)'" }

    func load() async throws -> AWSCredentials? {
        // A thread of its own: the program may ask its user and take minutes, and must not hold up the pool.
        let runner = ProcessRunner()
        let output = try await runner.run(command, name: name)
        return try CredentialsDocument.parse(output, from: name, mustHaveVersion: true)
    }
}

private actor ProcessRunner {
    private let executor = ThreadExecutor(name: "credential-process")

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func run(_ command: String, name: String) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw CredentialsError("\(name) could not be started: \(error)")
        }
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0, process.terminationReason == .exit else {
            throw CredentialsError("\(name) failed with status \(process.terminationStatus)")
        }
        return Array(bytes)
    }
}
