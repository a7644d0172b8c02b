import Glibc

@testable import VolumeRepository

/// Compares two directories in everything that a backup keeps, and says what differs.
struct TreeComparison {
    private(set) var differences: [String] = []
    private var compared = 0
    /// Groups of hard links: the inode there for the inode here.
    private var inodes: [UInt64: UInt64] = [:]

    static func differences(between left: String, and right: String) throws -> [String] {
        var comparison = TreeComparison()
        let left = try FileDescriptor.openDirectory(path: left)
        let right = try FileDescriptor.openDirectory(path: right)
        comparison.compare(left, right, name: [UInt8(ascii: ".")], path: [])
        return comparison.differences
    }

    private mutating func compare(_ left: FileDescriptor, _ right: FileDescriptor, name: [UInt8], path: [UInt8]) {
        compared += 1
        guard let own = left.status(of: name), let other = right.status(of: name) else {
            return differ(path, "one is missing")
        }
        guard own.kind == other.kind else { return differ(path, "kind") }
        if own.mode != other.mode { differ(path, "mode \(own.mode) \(other.mode)") }
        if own.user != other.user || own.group != other.group { differ(path, "owner") }
        if own.modified != other.modified { differ(path, "time \(own.modified) \(other.modified)") }
        let (attributes, others) = (left.attributes(of: name, path: path), right.attributes(of: name, path: path))
        if attributes.attributes != others.attributes { differ(path, "attributes") }
        switch own.kind {
        case .directory: compareDirectories(left, right, name, path)
        case .symlink:
            if left.linkTarget(of: name, sizeHint: 0) != right.linkTarget(of: name, sizeHint: 0) {
                differ(path, "target")
            }
        case .file: compareFiles(left, right, name, path, own, other)
        case .characterDevice, .blockDevice: if own.device != other.device { differ(path, "device") }
        case .fifo, nil: break
        }
    }

    private mutating func compareDirectories(
        _ left: FileDescriptor, _ right: FileDescriptor, _ name: [UInt8], _ path: [UInt8]
    ) {
        guard let own = left.openForReading(name, flags: O_DIRECTORY), let names = own.sortedNames().map(Array.init),
            let other = right.openForReading(name, flags: O_DIRECTORY), let others = other.sortedNames().map(Array.init)
        else { return differ(path, "cannot be listed") }
        for extra in Set(names).symmetricDifference(others) { differ(TreePath.join(path, extra), "on one side only") }
        for name in names where others.contains(name) {
            compare(own, other, name: name, path: TreePath.join(path, name))
        }
    }

    private mutating func compareFiles(
        _ left: FileDescriptor, _ right: FileDescriptor, _ name: [UInt8], _ path: [UInt8], _ own: FileStatus,
        _ other: FileStatus
    ) {
        if own.size != other.size { return differ(path, "size \(own.size) \(other.size)") }
        if own.links != other.links { differ(path, "links \(own.links) \(other.links)") }
        if own.links > 1 {
            if let known = inodes[own.inode], known != other.inode { differ(path, "linked to another file") }
            inodes[own.inode] = other.inode
        }
        if other.allocated > own.allocated + 64 << 10 { differ(path, "takes more room") }
        guard let file = left.openForReading(name), let otherFile = right.openForReading(name) else {
            return differ(path, "cannot be read")
        }
        var offset: Int64 = 0
        while offset < own.size {
            switch file.region(at: offset, size: own.size) {
            case .hole(let hole):
                if otherFile.readsAsZero(hole, size: own.size) != true { return differ(path, "a hole is filled") }
                offset = hole.upperBound
            case .data(let data):
                let count = Int(min(1 << 20, data.upperBound - offset))
                var bytes = [UInt8](repeating: 0, count: count)
                guard bytes.withUnsafeMutableBytes({ file.read(into: $0, at: offset) }) == count,
                    otherFile.reads(as: bytes[...], at: offset) == true
                else { return differ(path, "content") }
                offset += Int64(count)
            }
        }
    }

    private mutating func differ(_ path: [UInt8], _ what: String) {
        differences.append("\(TreePath.text(path).debugDescription): \(what)")
    }
}
