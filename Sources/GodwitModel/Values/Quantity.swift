/// Amounts as Kubernetes writes them: `10Gi`, `1.5G`, `500m`, `1e3`.
///
/// Source: the Kubernetes API's serialisation of `resource.Quantity`.
public enum Quantity {
    private static let suffixes: [String: Double] = [
        "": 1, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
        "Ki": 1024, "Mi": 1_048_576, "Gi": 1_073_741_824, "Ti": 1_099_511_627_776, "Pi": 1_125_899_906_842_624,
        "Ei": 1_152_921_504_606_846_976,
    ]

    /// The number that a text stands for; nil for what is no quantity.
    public static func parse(_ text: String) -> Double? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || "+-.".contains($0)) }
        guard digits.contains(where: \.isNumber), let number = Double(digits) else { return nil }
        let suffix = text.dropFirst(digits.count)
        if let factor = suffixes[String(suffix)] { return number * factor }
        // An exponent: `12e6`, `12E6`.
        guard let first = suffix.first, "eE".contains(first), let exponent = Int(suffix.dropFirst()),
            (-30...30).contains(exponent)
        else { return nil }
        return Double("\(digits)e\(exponent)")
    }

    /// The whole bytes that a text stands for, rounded up; nil for what is no size.
    public static func bytes(_ text: String) -> Int64? {
        guard let number = parse(text), number >= 0, number < 9.2e18 else { return nil }
        return Int64(number.rounded(.up))
    }
}
