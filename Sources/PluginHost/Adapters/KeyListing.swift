import GodwitPluginAPI
import Synchronization

/// All keys below a prefix, cut into pages here because Velero's protocol gives them at once.
struct KeyListing: Sendable {
    private enum Entry: Sendable {
        case key(String)
        case prefix(String)

        var text: String {
            switch self {
            case .key(let text), .prefix(let text): text
            }
        }
    }

    private let entries: [Entry]

    /// - Parameter keys: in any order, from a plugin that may err: what does not begin with the prefix, or stands
    ///   twice, is passed over.
    init(_ keys: [String], prefix: String, delimiter: String?) {
        var entries: [Entry] = []
        let start = prefix.utf8.count
        for key in keys.filter({ $0.utf8.starts(with: prefix.utf8) }).sorted(by: ObjectKey.precedes) {
            var entry = Entry.key(key)
            if let delimiter, let end = Self.end(of: delimiter, in: key, from: start) { entry = .prefix(end) }
            if let last = entries.last, Array(last.text.utf8) == Array(entry.text.utf8) { continue }
            entries.append(entry)
        }
        self.entries = entries
    }

    /// The key up to and with the first delimiter after the prefix.
    private static func end(of delimiter: String, in key: String, from start: Int) -> String? {
        let bytes = Array(key.utf8)
        let mark = Array(delimiter.utf8)
        guard !mark.isEmpty, bytes.count >= start + mark.count else { return nil }
        for index in start...(bytes.count - mark.count) where bytes[index..<(index + mark.count)].elementsEqual(mark) {
            return String(decoding: bytes[..<(index + mark.count)], as: UTF8.self)
        }
        return nil
    }

    /// The page after a text, which is the last one of the page before.
    func page(
        after last: String?, size: Int, info: (String) -> ObjectInfo
    ) -> (page: [ObjectInfo], prefixes: [String], last: String?) {
        var low = 0
        if let last {
            var high = entries.count
            while low < high {
                let middle = (low + high) / 2
                if ObjectKey.precedes(last, entries[middle].text) { high = middle } else { low = middle + 1 }
            }
        }
        let chosen = entries[low..<min(entries.count, low + max(1, size))]
        var objects: [ObjectInfo] = []
        var prefixes: [String] = []
        for entry in chosen {
            switch entry {
            case .key(let key): objects.append(info(key))
            case .prefix(let prefix): prefixes.append(prefix)
            }
        }
        return (objects, prefixes, chosen.endIndex < entries.count ? chosen.last?.text : nil)
    }
}

/// The listings whose later pages may still be asked for.
final class KeptListings: Sendable {
    private struct Kept {
        let id: UInt64
        let listing: KeyListing
    }

    private let kept = Mutex<[Kept]>([])
    private static let limit = 4

    /// Keeps a listing and gives its number.
    func keep(_ listing: KeyListing) -> UInt64 {
        let id = UInt64.random(in: 1...(.max))
        kept.withLock { kept in
            kept.append(Kept(id: id, listing: listing))
            if kept.count > Self.limit { kept.removeFirst() }
        }
        return id
    }

    /// Lets a listing go, whose last page was given.
    func remove(_ id: UInt64) { kept.withLock { $0.removeAll { $0.id == id } } }

    /// A listing that is still kept.
    subscript(id: UInt64) -> KeyListing? { kept.withLock { $0.first { $0.id == id }?.listing } }
}
