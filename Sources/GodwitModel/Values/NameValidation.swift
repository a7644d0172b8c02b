/// What Kubernetes allows as a name.
public enum NameValidation {
    /// What is wrong with a DNS subdomain (RFC 1123), the form of most objects' names and of a backup's; nil when it
    /// is one.
    public static func problem(withSubdomain name: String) -> String? {
        if name.isEmpty { return "it is empty" }
        if name.utf8.count > 253 { return "it is longer than 253 characters" }
        for part in name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            if let problem = problem(withPart: part) { return problem }
        }
        return nil
    }

    /// What is wrong with a DNS label (RFC 1123), the form of a namespace's name; nil when it is one.
    public static func problem(withLabel name: String) -> String? {
        if name.isEmpty { return "it is empty" }
        if name.utf8.count > 63 { return "it is longer than 63 characters" }
        return problem(withPart: name.utf8[...])
    }

    private static func problem(withPart part: Substring.UTF8View) -> String? {
        let hyphen = UInt8(ascii: "-")
        guard let first = part.first, let last = part.last, first != hyphen, last != hyphen else {
            return "it must begin and end with a lower-case letter or digit, on both sides of each '.'"
        }
        let isLegal = part.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (0x30...0x39).contains(byte) || byte == hyphen
        }
        return isLegal ? nil : "only lower-case letters, digits, '-' and '.' are allowed"
    }
}
