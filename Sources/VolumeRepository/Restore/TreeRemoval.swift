import Glibc

/// Removes what the target has and the snapshot has not. Blocks.
///
/// Links are removed, never followed. What is mounted inside stays, and is a failure then. However deep a tree is,
/// memory and open files are bounded: what is deeper than a few levels is moved up before it is removed.
struct TreeRemoval {
    let log: RestoreLog

    private static let deepest = 64

    /// Removes a name with all below it.
    ///
    /// - Parameter path: for messages.
    /// - Returns: whether it is gone; where it is not, that is recorded.
    @discardableResult
    func remove(_ name: [UInt8], in directory: FileDescriptor, path: [UInt8]) -> Bool {
        var place = Place()
        let isGone = remove(name, in: directory, path: path, &place)
        if isGone { log.count { $0.removed += 1 } }
        return isGone
    }

    /// Where a removal is.
    private struct Place {
        /// The outermost of the directories that are being removed.
        var top: FileDescriptor?
        var depth = 0
        /// Whether something was moved to the outermost one, so that it is to be looked through once more.
        var hasMoved = false
    }

    private func remove(_ name: [UInt8], in directory: FileDescriptor, path: [UInt8], _ place: inout Place) -> Bool {
        guard let status = directory.status(of: name) else {
            return errno == ENOENT || fail("look at", path)
        }
        if status.kind == .directory {
            if let top = place.top, place.depth >= Self.deepest {
                let code = directory.rename(name, to: PartialFile.freshName(), in: top)
                place.hasMoved = true
                return code == 0 || fail("remove", path, code)
            }
            guard empty(name, in: directory, path: path, &place) else { return false }
        }
        let code = directory.remove(name, isDirectory: status.kind == .directory)
        return code == 0 || code == ENOENT || fail("remove", path, code)
    }

    private func empty(_ name: [UInt8], in outer: FileDescriptor, path: [UInt8], _ place: inout Place) -> Bool {
        let directory: FileDescriptor
        do throws(FileError) {
            directory = try WritableDirectory(name, in: outer, path: path).descriptor
        } catch {
            log.fail(path, error)
            return false
        }
        guard directory.isInMount(of: outer) else { return fail("remove", path, EBUSY) }
        let isTop = place.top == nil
        var isEmptied = true
        if isTop { place.top = directory }
        place.depth += 1
        defer { place.depth -= 1 }
        repeat {
            place.hasMoved = place.hasMoved && !isTop
            guard let names = directory.sortedNames() else { return fail("list", path) }
            for child in names {
                let isGone = remove(child, in: directory, path: TreePath.join(path, child), &place)
                isEmptied = isEmptied && isGone
            }
        } while isTop && place.hasMoved && isEmptied
        return isEmptied
    }

    private func fail(_ operation: String, _ path: [UInt8], _ code: Int32 = errno) -> Bool {
        log.fail(path, FileError(operation, path, code: code))
        return false
    }
}
