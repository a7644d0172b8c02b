import GodwitModel

/// The rule for names of plugins: `prefix/name`, the prefix a DNS subdomain, as in Velero.
public enum PluginName {
    /// Whether only what is built into Godwit has such a name.
    public static func isReserved(_ name: String) -> Bool { name.hasPrefix("godwit.io/") }

    /// Why a text cannot be the name of a plugin; nil when it can.
    public static func flaw(of name: String) -> String? {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return "it is not of the form prefix/name" }
        if let problem = NameValidation.problem(withSubdomain: parts[0]) { return "its prefix: \(problem)" }
        guard !parts[1].isEmpty, parts[1].utf8.count <= 63 else { return "its part after '/' has 1 to 63 characters" }
        let isLegal = parts[1].utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        return isLegal ? nil : "its part after '/' has other characters than letters, digits, '-', '_' and '.'"
    }
}
