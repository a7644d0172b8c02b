/// Ids of volumes and snapshots that do not exist.
enum AbsentVolume {
    /// How many random characters are enough for no volume to be called so.
    private static let enough = 8

    /// An id of the same form as that of a volume, which no volume has: its last part has other letters and digits, as
    /// many, in the same places. The form of an id ends at `/`, `-` and the like.
    static func id(like id: String) -> String {
        var generator = SystemRandomNumberGenerator()
        return Self.id(like: id, using: &generator)
    }

    static func id(like id: String, using generator: inout some RandomNumberGenerator) -> String {
        let characters = Array(id)
        let path = (characters.lastIndex(of: "/") ?? -1) + 1
        let part = max(path, (characters.lastIndex { !isPlain($0) } ?? -1) + 1)
        // A short last part may be another volume's too.
        let start = characters.count - part >= enough ? part : path
        let changed = characters[start...].map { isPlain($0) ? other($0, &generator) : $0 }
        let missing = max(0, enough - changed.count { isPlain($0) })
        let more = (0..<missing).map { _ in other("a", &generator) }
        return String(characters[..<start] + changed + more)
    }

    /// For a storage of which no volume is known.
    static func id() -> String { id(like: "vol-0123456789abcdef0") }

    /// For a storage of which no snapshot is known.
    static func snapshotID() -> String { id(like: "snap-0123456789abcdef0") }

    private static func isPlain(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber)
    }

    /// Digits stay digits and hexadecimal ones hexadecimal.
    private static func other(_ character: Character, _ generator: inout some RandomNumberGenerator) -> Character {
        for kind in ["0123456789", "abcdef", "ABCDEF", "ghijklmnopqrstuvwxyz", "GHIJKLMNOPQRSTUVWXYZ"]
        where kind.contains(character) {
            return kind.randomElement(using: &generator) ?? character
        }
        return character
    }
}
