import Foundation
import ProgramTestKit
import Testing

/// Every object of a small repository in turn is removed, emptied, cut, flipped and swapped: `repository check` names it,
/// no file comes back wrong, and the rest comes back.
@Suite struct VolumeDamageTests {
    enum Damage: String, CaseIterable, CustomTestStringConvertible {
        case removed, emptied, truncated, flipped, swapped

        var testDescription: String { rawValue }
    }

    @Test(arguments: Damage.allCases, [false, true])
    func everyObject(damage: Damage, isEncrypted: Bool) async throws {
        let place = try await DamagePlace(isEncrypted: isEncrypted)
        let objects = Workspace.files(below: place.store).filter { $0.hasPrefix("repository/") }
        #expect(objects.count == (isEncrypted ? 8 : 7), "\(objects)")
        for object in objects {
            let other = objects.last { $0 != object && $0.split(separator: "/")[1] == object.split(separator: "/")[1] }
            if damage == .swapped, other == nil { continue }
            try await place.reset()
            try place.apply(damage, to: object, other)
            let check = try await place.godwit("repository", "check", "--read-data")
            let comment = Comment(rawValue: "\(damage) \(object): \(check)")
            switch Self.expectation(damage, object) {
            case .named: #expect(check.status == 1 && (check.output + check.errors).contains(object), comment)
            case .noted: #expect(check.status == 1 && check.output.contains("no index names"), comment)
            case .refused: #expect(check.status == 1 && !check.errors.isEmpty, comment)
            case .unknowable: break
            }
            let files = try await place.restoredFiles("latest", comment)
            if check.status == 0, !Self.isLostSnapshot(damage, object) { #expect(files == DamagePlace.files, comment) }
            // One chunk of one file is damaged, and nothing else is missing.
            if damage == .flipped, object.contains("/packs/") {
                #expect(files >= DamagePlace.files - 1, comment)
            }
            // A pack holds the files of one snapshot and its tree: the other snapshot is the rest then.
            if damage != .swapped, object.contains("/packs/") {
                let others = files == 0 ? try await place.restoredFiles(place.first, comment) : files
                #expect(others >= DamagePlace.files / 2 - 1, comment)
            }
        }
    }

    private enum Expectation {
        /// The object's key is in what the check says.
        case named
        /// Nobody can know its name, but what was in it is missed.
        case noted
        /// The repository does not open.
        case refused
        /// It is as if it had never been there, or nothing depends on what was changed.
        case unknowable
    }

    private static func expectation(_ damage: Damage, _ object: String) -> Expectation {
        if object == "repository/config.json" || object.contains("/keys/") {
            // A bit may be one of the time, of the label or of the level, which nothing depends on.
            return damage == .flipped ? .unknowable : .refused
        }
        guard damage == .removed else { return .named }
        if isLostSnapshot(damage, object) { return .unknowable }
        return object.contains("/index/") ? .noted : .named
    }

    private static func isLostSnapshot(_ damage: Damage, _ object: String) -> Bool {
        damage == .removed && object.contains("/snapshots/")
    }
}

/// Two snapshots of files that fill a pack each.
private struct DamagePlace {
    static let files = 20

    private let workspace: Workspace
    private let isEncrypted: Bool
    /// The first snapshot, of one half of the files.
    let first: String
    var store: String { workspace.path("store") }

    init(isEncrypted: Bool) async throws {
        self.isEncrypted = isEncrypted
        workspace = try Workspace(isEncrypted ? ["GODWIT_REPOSITORY_PASSWORD": "correct horse"] : [:])
        for name in ["data", "store"] { try workspace.makeFolder(name) }
        var ids: [String] = []
        for half in [1...10, 11...20] {
            let script = """
                for number in {\(half.lowerBound)..\(half.upperBound)}; do
                    head -c 400000 /dev/urandom >\(workspace.path("data"))/$number
                done
                """
            let written = try await workspace.bash(script)
            try #require(written.status == 0, "\(written)")
            let backup = try await workspace.godwit(
                "volume", "backup", workspace.path("data"), "--as", "shop/data", "--storage",
                "file://\(workspace.path("store"))", "-o", "name")
            try #require(backup.status == 0, "\(backup)")
            ids.append(String(backup.output.prefix { $0 != "\n" }))
        }
        first = ids[0]
        try await bash("cp -a \(store) \(workspace.path("whole"))")
    }

    func reset() async throws { try await bash("rm -rf \(store); cp -a \(workspace.path("whole")) \(store)") }

    func apply(_ damage: VolumeDamageTests.Damage, to object: String, _ other: String?) throws {
        let url = URL(fileURLWithPath: "\(store)/\(object)")
        var bytes = try Data(contentsOf: url)
        switch damage {
        case .removed: return try FileManager.default.removeItem(at: url)
        case .emptied: bytes = Data()
        case .truncated: bytes = bytes.prefix(bytes.count / 2)
        case .flipped:
            // The first half of a pack holds contents, the end the tree.
            let place = bytes.count / 3
            bytes[place] ^= 0x10
        case .swapped:
            guard let other else { return }
            let second = URL(fileURLWithPath: "\(store)/\(other)")
            try Data(contentsOf: second).write(to: url)
            return try bytes.write(to: second)
        }
        try bytes.write(to: url)
    }

    /// How many files a restore brings back; fails when one of them is not what was backed up.
    func restoredFiles(_ snapshot: String, _ comment: Comment) async throws -> Int {
        let out = workspace.path("out")
        let restore = try await godwit("volume", "restore", snapshot, "--as", "shop/data", "--to", out)
        #expect([0, 1, 3].contains(restore.status), "\(comment) \(restore)")
        let names = Workspace.files(below: out)
        #expect(restore.status != 0 || names.count >= Self.files / 2, "\(comment) \(restore)")
        for name in names {
            let isEqual = FileManager.default.contentsEqual(
                atPath: "\(out)/\(name)", andPath: "\(workspace.path("data"))/\(name)")
            #expect(isEqual, "\(comment): \(name) came back wrong")
        }
        try await bash("rm -rf \(out)")
        return names.count
    }

    func godwit(_ arguments: String...) async throws -> ProgramResult {
        try await workspace.godwit(arguments + ["--storage", "file://\(store)"])
    }

    private func bash(_ script: String) async throws {
        let run = try await workspace.bash(script)
        try #require(run.status == 0, "\(run)")
    }
}
