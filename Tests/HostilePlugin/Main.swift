import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix

@main
enum HostilePlugin {
    static func main() async throws {
        logLine(#"{"@level":"info","@message":"about to misbehave","how":"\#(Behaviour.name)"}"#)
        misbehaveBeforeServing()
        if Behaviour.is("hangs-at-shutdown") || Behaviour.is("ignores-term") { signal(SIGTERM, SIG_IGN) }
        if Behaviour.is("forks-child") { try forkChild() }
        let path = "\(directory)/socket"
        let transport = HTTP2ServerTransport.Posix(
            address: .unixDomainSocket(path: path), transportSecurity: .plaintext)
        let server = GRPCServer(transport: transport, services: Services.all)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.serve() }
            _ = try await transport.listeningAddress
            printLine("1|2|unix|\(path)|grpc")
            misbehaveWhileServing()
            try await group.waitForAll()
        }
    }

    static var directory: String { ProcessInfo.processInfo.environment["PLUGIN_UNIX_SOCKET_DIR"] ?? "/tmp" }

    /// What goes wrong before anything is served.
    static func misbehaveBeforeServing() {
        switch Behaviour.name {
        case "no-handshake": sleepForEver()
        case "exits-at-once":
            logLine("the licence has expired")
            exit(3)
        case "dies-at-once": die()
        case "garbage-line": say("hello, I am a plugin")
        case "empty-line": say("")
        case "binary-line": say("\u{1B}[2J\u{0}\u{1}|\u{7F}")
        case "endless-line":
            let piece = String(repeating: "1|2|", count: 1000)
            while true { FileHandle.standardOutput.write(Data(piece.utf8)) }
        case "wrong-core": say("2|2|unix|/tmp/x|grpc")
        case "wrong-version": say("1|1|unix|/tmp/x|grpc")
        case "net-rpc": say("1|2|unix|/tmp/x|netrpc")
        case "four-fields": say("1|2|unix|/tmp/x")
        case "wants-tls": say("1|2|unix|/tmp/x|grpc|MIIB")
        case "foreign-host": say("1|2|tcp|192.0.2.1:8080|grpc")
        case "foreign-name": say("1|2|tcp|localhost:8080|grpc")
        case "bad-port": say("1|2|tcp|127.0.0.1:99999|grpc")
        case "unknown-network": say("1|2|pigeon|coop|grpc")
        case "relative-socket": say("1|2|unix|socket|grpc")
        case "missing-socket": say("1|2|unix|\(directory)/nothing|grpc")
        case "not-a-socket":
            _ = FileManager.default.createFile(atPath: "\(directory)/file", contents: Data())
            say("1|2|unix|\(directory)/file|grpc")
        case "others-socket":
            let path = listenOnly()
            chown(path, 65534, 65534)
            say("1|2|unix|\(path)|grpc")
        case "silent-server": say("1|2|unix|\(listenOnly())|grpc")
        case "unreachable-port": say("1|2|tcp|127.0.0.1:1|grpc")
        case "closes-stdout":
            close(STDOUT_FILENO)
            sleepForEver()
        case "dies-in-handshake":
            FileHandle.standardOutput.write(Data("1|2|un".utf8))
            die()
        default: break
        }
    }

    private static func say(_ line: String) -> Never {
        printLine(line)
        sleepForEver()
    }

    /// A socket that takes connections and never answers.
    private static func listenOnly() -> String {
        let path = "\(directory)/deaf"
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8) + [0]) }
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        listen(descriptor, 8)
        return path
    }

    private static func misbehaveWhileServing() {
        switch Behaviour.name {
        case "chatty-stdout":
            Thread.detachNewThread { for number in 0..<200_000 { printLine("chatter \(number)") } }
        case "chatty-stderr":
            Thread.detachNewThread { for number in 0..<200_000 { logLine("chatter \(number)") } }
        case "long-log-line":
            Thread.detachNewThread { logLine(String(repeating: "x", count: 8 << 20)) }
        case "control-characters":
            logLine("\u{1B}[31mred\u{1B}[0m and \u{8} worse")
        default: break
        }
    }

    private static func forkChild() throws {
        // In this program's process group, where Foundation's Process would not leave it.
        let shell = ["/bin/sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo child $! >&2"]
        var arguments = shell.map { strdup($0) } + [nil]
        var process: pid_t = 0
        guard posix_spawn(&process, shell[0], nil, nil, &arguments, environ) == 0 else {
            throw POSIXError(.EIO)
        }
    }
}
