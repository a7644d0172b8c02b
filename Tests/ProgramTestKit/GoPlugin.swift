/// The plugins in Go of Tests/GoPlugin, built once a run unless they were built before.
public enum GoPlugin {
    /// They could not be built.
    public struct BuildError: Error, CustomStringConvertible {
        /// What the build said.
        public let description: String
    }

    private static let build = Task {
        let workspace = try Workspace()
        let program = try workspace.start(program: Checkout.path("Tests/GoPlugin/build"), [Checkout.cache])
        let result = await program.wait()
        guard result.status == 0 else { throw BuildError(description: "\(result)") }
        return String(result.output.prefix { $0 != "\n" })
    }

    /// The program's path.
    ///
    /// - Throws: ``BuildError``.
    public static func program() async throws -> String { try await build.value }
}
