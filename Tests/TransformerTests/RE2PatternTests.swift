import Foundation
import Testing

@testable import ResourceModifiers

/// What matches, as Go's regexp says.
@Suite struct RE2PatternTests {
    @Test(arguments: [
        ("^mysql.*$", ["mysql", "mysql-0"], ["a-mysql"]), ("(?i)^WEB", ["web-1"], ["a-web"]),
        ("(?i:A)b", ["ab", "Ab"], ["AB"]), ("(?P<first>a)(?<second>b)", ["ab"], ["a"]),
        (#"^\pL+$"#, ["abc"], ["a1"]), (#"^\p{^Greek}$"#, ["a"], ["α"]), (#"^\p{Lu}\P{Lu}$"#, ["Aa"], ["AA"]),
        ("^[[:alpha:]]+$", ["abc"], ["a1", "é"]), ("^[[:^digit:]-]+$", ["a-b"], ["a1"]),
        ("^[a[b]+$", ["a[b"], ["c"]), ("^[a&&b]+$", ["a&b"], ["c"]), ("^[]a]$", ["]", "a"], ["b"]),
        ("^[^]a]$", ["b"], ["]"]), ("^[a-]+$", ["a-"], ["b"]), ("^a{2,3}$", ["aa", "aaa"], ["a", "aaaa"]),
        ("^a{,2}$", ["a{,2}"], ["aa"]), ("^{a}$", ["{a}"], ["a"]), (#"^\Qa.b\E$"#, ["a.b"], ["axb"]),
        (#"^\d\w\s$"#, ["1_ "], ["٣_ "]), ("(?U)^a+?$", ["aa"], ["b"]), ("(?s-U).", ["\n"], [""]),
        (#"\x61\x{62}\143"#, ["abc"], ["ab"]), (#"^web-(a|b)\z"#, ["web-a"], ["web-c"]), ("a|", ["", "b"], []),
        (#"^[\w.]+$"#, ["a.b_1"], ["a-b"]), (#"\bweb\b"#, ["a-web-1"], ["awebs"]),
    ])
    func matchesAsInGo(pattern: String, matching: [String], others: [String]) throws {
        let expression = try NSRegularExpression(pattern: try RE2Pattern.translated(pattern))
        func matches(_ text: String) -> Bool {
            expression.firstMatch(in: text, range: NSRange(location: 0, length: text.utf16.count)) != nil
        }
        for text in matching { #expect(matches(text), "\(pattern) \(text)") }
        for text in others { #expect(!matches(text), "\(pattern) \(text)") }
    }

    @Test(arguments: [
        ("a(?=b)", "(?="), ("a(?!b)", "(?!"), ("(?<=a)b", "(?<="), ("(?>a)", "(?>"), (#"(a)\1"#, #"\1"#),
        (#"a\Z"#, #"\Z"#), (#"\Ca"#, #"\C"#), ("a*+", "+"), ("a**", "*"), ("*a", "*"), ("a{2}{3}", "{3}"),
        ("a{1001}", "{1001}"), ("(?x)a", "(?x)"), ("[[:name:]]", "[:name:]"), ("[a", "["), ("a\\", "\\"),
        ("(?i", "(?i"),
        (#"\p{Greek"#, #"\p{"#), (#"[\b]"#, #"\b"#),
    ])
    func saysWhatIsNotInRE2(pattern: String, construct: String) {
        let error = #expect(throws: RE2PatternError.self) { _ = try RE2Pattern.translated(pattern) }
        #expect(error?.construct == construct, "\(pattern)")
        #expect(error?.description.contains("'\(pattern)'") == true)
    }
}
