import Foundation
import GodwitModel
import Testing

@Suite struct Base64Tests {
    @Test func agreesWithFoundation() {
        var generator = SystemRandomNumberGenerator()
        for count in 0..<70 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let text = Data(bytes).base64EncodedString()
            #expect(Base64.encode(bytes) == text)
            #expect(Base64.decode(text) == bytes)
            #expect(Base64.decode(Array(text.utf8)) == bytes)
        }
    }

    @Test(arguments: ["QQ", "Q", "QQ=", "Q===", "====", "QQ==QQ==", "=QQQ", "Q=QQ", "Q*Q=", "QQ-_"])
    func refuses(text: String) {
        #expect(Base64.decode(text) == nil)
        #expect(Base64.decode(Array(text.utf8)) == nil)
    }

    @Test func onlyPeopleMayBeLax() {
        #expect(Base64.decode(" Q Q\n=\t=\r\n") == [65])
        #expect(Base64.decode(Array("QQ= =".utf8)) == nil)
        // Bits that belong to no byte.
        #expect(Base64.decode("QR==") == [65])
        #expect(Base64.decode(Array("QR==".utf8)) == nil)
    }
}
