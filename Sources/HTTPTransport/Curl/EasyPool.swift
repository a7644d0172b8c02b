import Synchronization

/// Easy handles that are ready for a request: making one and setting its TLS options costs more than a small request.
///
/// They are not reset: after HTTP/2 a handle keeps its buffer, and libcurl then refuses to set the buffer's size again.
final class EasyPool: Sendable {
    private let configuration: HTTPConfiguration
    let material: TLSMaterial
    private let idle = Mutex<[EasyHandle]>([])
    private let limit: Int

    init(_ configuration: HTTPConfiguration, keeping limit: Int) {
        self.configuration = configuration
        self.limit = limit
        material = TLSMaterial(configuration.tls)
    }

    func take() throws -> EasyHandle {
        if let handle = idle.withLock({ $0.popLast() }) { return handle }
        return try make()
    }

    /// A handle that never enters the pool.
    func make() throws -> EasyHandle {
        let handle = try EasyHandle(material: material)
        try handle.apply(configuration)
        try handle.setCallbacks()
        return handle
    }

    /// Takes back a handle whose transfer went well at the first try.
    func put(_ handle: EasyHandle) {
        idle.withLock { if $0.count < limit { $0.append(handle) } }
    }

    func removeAll() { idle.withLock { $0 = [] } }
}
