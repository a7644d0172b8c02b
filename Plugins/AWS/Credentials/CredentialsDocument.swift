import CloudStorage
import GodwitModel

/// The JSON in which programs, containers and instances give credentials.
enum CredentialsDocument {
    /// Reads it. Containers and instances call the token `Token`, programs `SessionToken`.
    static func parse(_ bytes: [UInt8], from name: String, mustHaveVersion: Bool = false) throws -> AWSCredentials {
        guard bytes.count <= 1 << 16, let document = try? JSONValue(parsing: bytes) else {
            // Nothing of the text goes into the message: it may be a secret.
            throw CredentialsError("\(name) did not give JSON")
        }
        if mustHaveVersion, document["Version"]?.integer != 1 {
            throw CredentialsError("\(name) did not give a document of version 1")
        }
        if let code = document["Code"]?.string, code != "Success" {
            throw CredentialsError("\(name) answered \(code)")
        }
        guard let id = document["AccessKeyId"]?.string, let secret = document["SecretAccessKey"]?.string else {
            throw CredentialsError("\(name) did not give AccessKeyId and SecretAccessKey")
        }
        let expiration = document["Expiration"]?.string
        let end = expiration.flatMap(ServiceDate.parseExtended)
        if expiration != nil, end == nil { throw CredentialsError("\(name) gave an Expiration that is no date") }
        return AWSCredentials(
            accessKeyID: id, secretAccessKey: secret,
            sessionToken: (document["SessionToken"] ?? document["Token"])?.string, expiration: end)
    }
}
