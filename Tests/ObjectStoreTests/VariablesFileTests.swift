import Testing

@testable import AzureObjectStore
@testable import CloudStorage

/// Credentials files as Velero's plugin reads them.
@Suite struct VariablesFileTests {
    private func read(_ text: String) throws -> [String: String] { try VariablesFile(text, path: "f").values }

    @Test func values() throws {
        let text = """
            # of Velero
            PLAIN=abc==
              INDENTED = spaced out \t
            export EXPORTED=x
            COLON: of yaml
            URL=https://host:443/a#b
            COMMENT=secret # not the secret
            TAB=secret\t# not the secret
            HASH=se#cret
            NONE=# nothing
            EMPTY=
            SINGLE='a # b\\n "c"' # comment
            DOUBLE="a # b\\n \\"c\\" \\$d \\\\ \\x" # comment
            LINES="-----BEGIN-----
            # no comment
            -----END-----"
            SAME='one
            two'

            LAST=z
            """
        let expected = [
            "PLAIN": "abc==", "INDENTED": "spaced out", "EXPORTED": "x", "COLON": "of yaml",
            "URL": "https://host:443/a#b", "COMMENT": "secret", "TAB": "secret", "HASH": "se#cret", "NONE": "",
            "EMPTY": "", "SINGLE": #"a # b\n "c""#, "DOUBLE": "a # b\n \"c\" $d \\ \\x",
            "LINES": "-----BEGIN-----\n# no comment\n-----END-----", "SAME": "one\ntwo", "LAST": "z",
        ]
        #expect(try read(text) == expected)
        #expect(try read(text.replacing("\n", with: "\r\n")) == expected)
        #expect(try read("") == [:])
    }

    /// The line is named, and nothing of it is shown.
    @Test(arguments: [
        ("secret-without-a-name", 1, "not like NAME=value"), ("A=b\n\n=secret", 3, "not like NAME=value"),
        ("A=b\nsecret name=x", 2, "not like NAME=value"), ("A=b\nB=\"secret\nC=d\n", 2, "its quote does not end"),
        ("A='b'\nB='secret' secret", 2, "there is something behind the quotes"),
    ])
    func faults(text: String, line: Int, words: String) throws {
        let error = #expect(throws: CredentialsError.self) { try read(text) }
        #expect(error?.reason == "'f', line \(line): \(words)")
    }
}
