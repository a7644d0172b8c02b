import Foundation
import Glibc
import GodwitPluginAPI
import Streams
import Testing

@testable import FilesystemObjectStore

@Suite struct FilesystemTests {
    private let directory: TemporaryDirectory
    private let store: FilesystemObjectStore

    init() throws {
        directory = try TemporaryDirectory()
        store = FilesystemObjectStore(root: directory.path)
    }

    private func put(_ key: String, _ store: FilesystemObjectStore? = nil) async throws {
        try await (store ?? self.store).put(key, .bytes([1]), options: PutOptions())
    }

    @Test func modes() async throws {
        try await put("a/b/c")
        func mode(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: "\(directory.path)/\(path)")[.posixPermissions] as? Int
        }
        #expect(try mode("a/b/c") == 0o600)
        #expect(try mode("a") == 0o700)
    }

    @Test func anObjectCannotBeADirectory() async throws {
        try await put("a")
        await expectError(.invalidKey) { try await put("a/b") }
        #expect(try await store.stat("a/b") == nil)
        try await put("c/d")
        await expectError(.invalidKey) { try await put("c") }
        await expectError(.notFound) { _ = try await store.get("c", range: nil) }
        try await store.delete(["c", "a/b"])
        #expect(try await store.stat("c/d") != nil)
        await expectError(.invalidKey) { try await put(".godwit-tmp/x") }
        await expectError(.invalidKey) { try await put(String(repeating: "n", count: 256)) }
        await expectError(.invalidKey) { try await put("nul\0") }
    }

    @Test func emptyDirectoriesGiveWay() async throws {
        try FileManager.default.createDirectory(atPath: directory.path + "/a", withIntermediateDirectories: true)
        try await put("a")
        #expect(try await store.stat("a")?.size == 1)
    }

    @Test func linksAreNotFollowed() async throws {
        let outside = try TemporaryDirectory()
        try Data([9]).write(to: URL(fileURLWithPath: outside.path + "/secret"))
        symlink(outside.path, directory.path + "/out")
        symlink(outside.path + "/secret", directory.path + "/link")
        mkfifo(directory.path + "/fifo", 0o600)
        for key in ["out/secret", "link", "fifo"] {
            await expectError(.notFound) { _ = try await store.get(key, range: nil) }
            #expect(try await store.stat(key) == nil)
            try await store.delete([key])
        }
        await expectError(.invalidKey) { try await put("out/new") }
        #expect(try await store.list(ListRequest(prefix: "")).objects.isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside.path) == ["secret"])
        // A put replaces a link, it does not write through it.
        try await put("link")
        #expect(try Data(contentsOf: URL(fileURLWithPath: outside.path + "/secret")) == Data([9]))
    }

    @Test func aMissingRoot() async throws {
        let missing = FilesystemObjectStore(root: directory.path + "/missing")
        await expectError(.bucketNotFound) { try await put("a", missing) }
        await expectError(.bucketNotFound) { _ = try await missing.stat("a") }
        await expectError(.bucketNotFound) { _ = try await missing.get("a", range: nil) }
        await expectError(.bucketNotFound) { _ = try await missing.list(ListRequest(prefix: "")) }
        await expectError(.bucketNotFound) { try await missing.delete(["a"]) }
        let created = FilesystemObjectStore(root: directory.path + "/new/root", createsRoot: true)
        try await put("a", created)
        #expect(try await created.stat("a") != nil)
    }

    @Test func aRootThatCannotBeMadeSaysWhy() async throws {
        try Data().write(to: URL(fileURLWithPath: directory.path + "/file"))
        try FileManager.default.createSymbolicLink(
            atPath: directory.path + "/nowhere", withDestinationPath: directory.path + "/missing")
        for (path, kind, reason) in [
            ("/file/root", ObjectStoreError.Kind.invalidConfiguration, "Not a directory"),
            ("/nowhere/root", .invalidConfiguration, "No such file"),
            ("/" + String(repeating: "n", count: 300) + "/root", .invalidKey, "File name too long"),
        ] {
            let store = FilesystemObjectStore(root: directory.path + path, createsRoot: true)
            let error = await #expect(throws: ObjectStoreError.self) { try await put("a", store) }
            #expect(error?.kind == kind)
            #expect(error?.reason?.contains("mkdir \(directory.path)/") == true, "\(String(describing: error))")
            #expect(error?.reason?.contains(reason) == true)
        }
    }

    @Test func leftoversOfTheDeadAreSwept() async throws {
        let folder = directory.path + "/.godwit-tmp"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for name in ["old", "held", "young"] {
            try Data([1]).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
        let held = open("\(folder)/held", O_RDONLY)
        defer { close(held) }
        flock(held, LOCK_EX)
        for name in ["old", "held"] {
            try FileManager.default.setAttributes(
                [.modificationDate: Date().addingTimeInterval(-90_000)], ofItemAtPath: "\(folder)/\(name)")
        }
        try await put("a")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["held", "young"])
    }

    @Test func listingsInSmallWindowsAreComplete() throws {
        var names: Set<String> = []
        for _ in 0..<3000 {
            let length = Int.random(in: 1...3)
            names.insert(
                String(
                    (0..<length).map { _ in "ab.-0/"[String.Index(utf16Offset: Int.random(in: 0..<5), in: "ab.-0/")] }))
        }
        names.subtract([".", ".."])
        for (index, name) in names.enumerated() {
            let path = "\(directory.path)/\(name)"
            if index.isMultiple(of: 3) { mkdir(path, 0o700) } else { close(open(path, O_CREAT | O_WRONLY, 0o600)) }
        }
        let handle = try Descriptor.openDirectory(path: directory.path)
        var all = try NameWindow(of: handle, after: nil, where: { _ in true })
        var whole: [[UInt8]] = []
        while let name = all.popFirst() { whole.append(name) }
        #expect(whole.count == names.count)
        #expect(zip(whole, whole.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
        for limit in [1, 7, 100] {
            var pieces: [[UInt8]] = []
            var window = try NameWindow(of: handle, after: nil, where: { _ in true }, limit: limit)
            while true {
                while let name = window.popFirst() { pieces.append(name) }
                guard let next = window.continuation else { break }
                window = try NameWindow(of: handle, after: next, where: { _ in true }, limit: limit)
            }
            #expect(pieces == whole, "limit \(limit)")
        }
    }

    /// Only root can mount a file system of a few pages.
    @Test(.enabled(if: getuid() == 0, "needs root, for a mount")) func aFullDisk() async throws {
        let mount = try Mount(at: directory.path, options: "size=256k,mode=700")
        defer { mount.end() }
        try await put("kept")
        let body = ByteStream([UInt8](repeating: 1, count: 1 << 20))
        await expectError(.outOfSpace) {
            try await store.put("large", .stream(body, length: nil), options: PutOptions())
        }
        await expectError(.outOfSpace) {
            try await store.put("kept", .bytes([UInt8](repeating: 1, count: 1 << 20)), options: PutOptions())
        }
        #expect(try await store.stat("kept")?.size == 1)
        #expect(try await store.list(ListRequest(prefix: "")).objects.map(\.key) == ["kept"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path + "/.godwit-tmp").isEmpty)
    }

    @Test(.enabled(if: getuid() == 0, "needs root, for a mount")) func aReadOnlyDisk() async throws {
        let mount = try Mount(at: directory.path, options: "ro,size=256k")
        defer { mount.end() }
        await expectError(.accessDenied) { try await put("a") }
        #expect(try await store.list(ListRequest(prefix: "")).objects.isEmpty)
    }

    @Test(.enabled(if: getuid() != 0, "root may write anywhere")) func aReadOnlyDirectory() async throws {
        chmod(directory.path, 0o500)
        defer { chmod(directory.path, 0o700) }
        await expectError(.accessDenied) { try await put("a") }
    }
}

private struct Mount {
    let path: String

    init(at path: String, options: String) throws {
        self.path = path
        var flags: UInt = 0
        var rest = options
        if rest.hasPrefix("ro,") {
            flags = 1
            rest = String(rest.dropFirst(3))
        }
        guard mount("tmpfs", path, "tmpfs", flags, rest) == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EPERM)
        }
    }

    func end() { umount2(path, Int32(MNT_DETACH)) }
}
