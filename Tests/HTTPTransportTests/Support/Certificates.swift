import Foundation

/// Certificates that openssl makes for this run.
struct Certificates: Sendable {
    let directory: String

    struct Failed: Error { let command: String }

    init(in directory: String) throws {
        self.directory = directory
        try makeAuthority("ca")
        try makeAuthority("other-ca")
        try issue("server", by: "ca", names: "DNS:localhost,IP:127.0.0.1")
        try issue("alpha", by: "ca", names: "DNS:alpha.test")
        try issue("beta", by: "ca", names: "DNS:beta.test")
        try issue("client", by: "ca", names: "DNS:client")
        try issue("stranger", by: "other-ca", names: "DNS:client")
    }

    func path(_ file: String) -> String { "\(directory)/\(file)" }

    func pem(_ file: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path(file)))) }

    private func makeAuthority(_ name: String) throws {
        try openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=\(name) "
                + "-keyout \(path(name)).key -out \(path(name)).pem")
    }

    private func issue(_ name: String, by authority: String, names: String) throws {
        try openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=\(name) "
                + "-addext subjectAltName=\(names) -addext basicConstraints=critical,CA:FALSE "
                + "-CA \(path(authority)).pem -CAkey \(path(authority)).key "
                + "-keyout \(path(name)).key -out \(path(name)).pem")
    }

    private func openssl(_ arguments: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments.split(separator: " ").map(String.init)
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(command: "openssl \(arguments)") }
    }
}
