import GodwitPluginAPI
import Glibc

/// Removes files and the directories that become empty by it.
struct Deletion {
    let root: Descriptor
    let store: String

    /// Removes the files of keys, and returns the first failure.
    func run(_ keys: [String]) -> (any Error)? {
        var first: (any Error)?
        // Directories that lost a name, by path: each is brought to the disk once, so that no deletion is undone by
        // a crash after its return.
        var touched: [[[UInt8]]: Descriptor] = [:]
        for key in keys {
            do {
                try remove(try KeyPath(key), &touched)
            } catch let flaw as KeyFlaw {
                first = first ?? ObjectStoreError(
                    .invalidKey, operation: "delete", key: key, store: store, reason: flaw.reason)
            } catch let error as SystemError {
                first = first ?? error.objectStoreError("delete", key: key, store: store)
            } catch {
                first = first ?? error
            }
        }
        for directory in touched.values {
            do {
                try directory.synchronize()
            } catch {
                first = first ?? error.objectStoreError("delete", key: nil, store: store)
            }
        }
        return first
    }

    private func remove(_ path: KeyPath, _ touched: inout [[[UInt8]]: Descriptor]) throws(SystemError) {
        var chain = [root]
        for name in path.directories {
            do {
                chain.append(try chain[chain.count - 1].openDirectory(name))
            } catch {
                if [ENOENT, ENOTDIR, ELOOP].contains(error.code) { return }
                throw error
            }
        }
        let parent = chain[chain.count - 1]
        // A directory or a link of that name is no object.
        guard let status = try parent.status(path.name), status.st_mode & S_IFMT == S_IFREG,
            try parent.unlink(path.name)
        else { return }
        var depth = path.directories.count
        while depth > 0, try chain[depth - 1].removeDirectory(path.directories[depth - 1]) {
            touched[Array(path.directories[..<depth])] = nil
            depth -= 1
        }
        touched[Array(path.directories[..<depth])] = chain[depth]
    }
}
