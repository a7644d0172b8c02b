import Foundation
import Glibc
import Testing

/// One nginx for all tests of this run: TLS with HTTP/2, client certificates, server names, files and uploads.
final class Nginx: Sendable {
    static let executable = "/usr/sbin/nginx"
    static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: executable) }

    private static let started = Result { try Nginx() }
    static func shared() throws -> Nginx { try started.get() }

    /// 1 GiB of zeros that takes no room on the disk.
    static let hugeSize = 1 << 30
    /// 4 MiB of numbered lines.
    let large: [UInt8]
    let certificates: Certificates
    let plain = ScriptServer.freePort()
    let http2 = ScriptServer.freePort()
    let http1 = ScriptServer.freePort()
    let mutual = ScriptServer.freePort()
    let named = ScriptServer.freePort()

    var plainURL: String { "http://127.0.0.1:\(plain)" }
    var http2URL: String { "https://localhost:\(http2)" }
    var http1URL: String { "https://localhost:\(http1)" }
    var mutualURL: String { "https://localhost:\(mutual)" }
    var namedURL: String { "https://127.0.0.1:\(named)" }

    private init() throws {
        let directory = "\(NSTemporaryDirectory())/godwit-http-\(getpid())"
        try? FileManager.default.removeItem(atPath: directory)
        try FileManager.default.createDirectory(atPath: "\(directory)/files", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: "\(directory)/uploads", withIntermediateDirectories: true)
        chmod(directory, 0o755)
        chmod("\(directory)/uploads", 0o777)
        certificates = try Certificates(in: directory)
        large = Array((0..<262_144).map { String(format: "%015d\n", $0) }.joined().utf8)
        _ = FileManager.default.createFile(atPath: "\(directory)/files/large", contents: Data(large))
        _ = FileManager.default.createFile(atPath: "\(directory)/files/huge", contents: nil)
        truncate("\(directory)/files/huge", Self.hugeSize)
        let file = "\(directory)/nginx.conf"
        try configuration(directory).write(toFile: file, atomically: true, encoding: .utf8)
        try start(file, directory)
        try waitUntilUp()
    }

    /// The shell ends nginx when the tests have ended, so nothing is left even if they crash. A process of Foundation is
    /// born with all signals blocked, so only this one reaches it.
    private func start(_ file: String, _ directory: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c",
            "\(Self.executable) -e \(directory)/error.log -p \(directory) -c \(file) & while [ -d /proc/$PPID ]; do sleep 0.2; done; kill -KILL $!; wait; rm -rf \(directory)",
        ]
        // It outlives the tests for a moment: whoever reads their output must not wait for it.
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    private func waitUntilUp() throws {
        for _ in 0..<500 {
            if ScriptServer.connect(port: plain) != nil { return }
            usleep(10_000)
        }
        throw Certificates.Failed(command: "nginx")
    }

    private func configuration(_ directory: String) -> String {
        let locations = """
            root \(directory)/files;
            location = /small { return 200 "small\\n"; }
            location = /name { return 200 "$ssl_server_name $http_host $request_uri"; }
            location = /client { return 200 "$ssl_client_s_dn"; }
            location = /port { return 200 "$remote_port"; }
            location = /empty { return 204; }
            location = /missing { return 404 "no such thing"; }
            location /uploads/ { root \(directory); dav_methods PUT DELETE; client_max_body_size 100m; }
            location ~ ^/upgrade/(?<target>[0-9]+)(?<rest>/.*)$ {
              proxy_pass http://127.0.0.1:$target$rest$is_args$args; proxy_http_version 1.1;
              proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection; }
            location = /pipe { proxy_pass http://127.0.0.1:\(plain)/large; }
            """
        func tls(_ certificate: String) -> String {
            "ssl_certificate \(certificates.path(certificate)).pem; ssl_certificate_key \(certificates.path(certificate)).key;"
        }
        return """
            daemon off; master_process off; pid \(directory)/nginx.pid;
            events { worker_connections 4096; }
            http {
              access_log off; keepalive_requests 1000000; default_type application/octet-stream;
              client_body_temp_path \(directory)/t1; proxy_temp_path \(directory)/t2; fastcgi_temp_path \(directory)/t3;
              uwsgi_temp_path \(directory)/t4; scgi_temp_path \(directory)/t5;
              server { listen 127.0.0.1:\(plain); \(locations) }
              server { listen 127.0.0.1:\(http2) ssl http2; \(tls("server")) \(locations) }
              server { listen 127.0.0.1:\(http1) ssl; \(tls("server")) \(locations) }
              server { listen 127.0.0.1:\(mutual) ssl http2; \(tls("server"))
                ssl_client_certificate \(certificates.path("ca")).pem; ssl_verify_client on; \(locations) }
              server { listen 127.0.0.1:\(named) ssl; server_name alpha.test; \(tls("alpha")) \(locations) }
              server { listen 127.0.0.1:\(named) ssl http2; server_name beta.test; \(tls("beta")) \(locations) }
            }
            """
    }
}

extension Trait where Self == ConditionTrait {
    static var needsNginx: Self { .enabled(if: Nginx.isInstalled, "needs nginx-light (scripts/bootstrap installs it)") }
}
