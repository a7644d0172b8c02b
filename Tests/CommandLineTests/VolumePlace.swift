import GodwitModel
import ProgramTestKit
import Testing

/// A directory of forty small files and a large one, a place for the repository, and one to restore to.
struct VolumePlace {
    let workspace: Workspace
    let data: String
    let store: String
    let out: String
    var storage: String { "file://\(store)" }

    /// - Parameter isEmpty: without the files.
    init(isEmpty: Bool = false) async throws {
        workspace = try Workspace()
        data = try workspace.makeFolder("data")
        store = try workspace.makeFolder("store")
        out = workspace.path("out")
        if isEmpty { return }
        try await bash(
            """
            mkdir \(data)/d
            for number in {1..40}; do seq $number 2000 >\(data)/d/$number; done
            head -c 5000000 /dev/urandom >\(data)/large
            ln -s d/1 \(data)/link
            """)
    }

    func godwit(_ arguments: String...) async throws -> ProgramResult { try await godwit(arguments) }

    func godwit(_ arguments: [String]) async throws -> ProgramResult {
        try await workspace.godwit(arguments + ["--storage", storage])
    }

    func json(_ arguments: String...) async throws -> JSONValue {
        let run = try await godwit(arguments + ["-o", "json"])
        try #require(run.status == 0, "\(run)")
        return try JSONValue(parsing: Array(run.output.utf8))
    }

    @discardableResult
    func backUp(_ more: String..., status: Int32 = 0) async throws -> ProgramResult {
        let run = try await godwit(["volume", "backup", data, "--as", "shop/data"] + more)
        try #require(run.status == status, "\(run)")
        return run
    }

    func restore(_ more: String...) async throws -> ProgramResult {
        try await godwit(["volume", "restore", "latest", "--as", "shop/data", "--to", out] + more)
    }

    /// What `restore` runs, for a shell.
    var restoreCommand: String {
        "\(Checkout.godwit) volume restore latest --as shop/data --to \(out) --storage \(storage)"
    }

    @discardableResult
    func bash(_ script: String) async throws -> ProgramResult {
        let run = try await workspace.bash(script)
        try #require(run.status == 0, "\(run)")
        return run
    }

    func expectEqual(_ location: SourceLocation = #_sourceLocation) async throws {
        let run = try await workspace.bash(
            """
            diff -r --no-dereference \(data) \(out)
            list() { (cd "$1" && find . -printf '%p %y %m %U %G %T@ %n %l\\n' | sort); }
            diff <(list \(data)) <(list \(out))
            """)
        #expect(run.status == 0, "\(run)", sourceLocation: location)
    }

    // MARK: Without root's rights

    /// Gives everything to a user without rights, where the tests run as root.
    func giveAway() async throws { if Workspace.isRoot { try await bash("chown -R nobody \(workspace.folder)") } }

    /// Runs the program as a user without rights.
    func unprivileged(_ arguments: String...) async throws -> ProgramResult {
        let command = [Checkout.godwit] + arguments + ["--storage", storage]
        guard Workspace.isRoot else { return try await workspace.godwit(Array(command.dropFirst())) }
        let nobody = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        return try await workspace.start(program: "/usr/bin/setpriv", nobody + command).wait()
    }
}
