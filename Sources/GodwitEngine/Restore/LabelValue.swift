import Crypto

/// Names as label values, which hold 63 characters at most.
enum LabelValue {
    /// The name itself, or its first 57 characters and six digits of its SHA-256, as Velero cuts it.
    static func valid(_ name: String) -> String {
        guard name.utf8.count > 63 else { return name }
        let digits = SHA256.hash(data: Array(name.utf8)).prefix(3).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return name.prefix(57) + digits.joined()
    }
}
