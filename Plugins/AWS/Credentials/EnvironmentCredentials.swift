import CloudStorage

/// Keys in environment variables.
struct EnvironmentCredentials: CredentialsSource {
    let environment: [String: String]

    let name = "the environment (AWS_ACCESS_KEY_ID)"

    func load() async throws -> AWSCredentials? {
        let id = value("AWS_ACCESS_KEY_ID")
        let secret = value("AWS_SECRET_ACCESS_KEY")
        switch (id, secret) {
        case (nil, nil): return nil
        case (let id?, let secret?):
            return AWSCredentials(accessKeyID: id, secretAccessKey: secret, sessionToken: value("AWS_SESSION_TOKEN"))
        default:
            throw CredentialsError("of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set")
        }
    }

    private func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
}
