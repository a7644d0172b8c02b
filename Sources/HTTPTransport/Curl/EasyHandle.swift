import CLibCurl

/// One easy handle and what must live as long as it does.
///
/// Unchecked because a C handle cannot be Sendable: it has one owner at a time, which is the task that prepares it,
/// then the event thread, then the pool.
final class EasyHandle: @unchecked Sendable {
    /// Easy handles that exist in the process, for tests that look for leaks.
    static var liveCount: Int { live.value }
    private static let live = LiveCounter()

    let raw: UnsafeMutableRawPointer
    private let errorBuffer: UnsafeMutablePointer<CChar>
    private var headers: HeaderList?
    private var connectTo: HeaderList?
    /// PEM text that the handle points to without a copy.
    let material: TLSMaterial

    init(material: TLSMaterial) throws {
        guard let raw = curl_easy_init() else {
            throw HTTPTransportError(.other(code: 2), request: "libcurl", reason: "no easy handle")
        }
        self.raw = raw
        self.material = material
        errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        Self.live.add(1)
        try set(CURLOPT_ERRORBUFFER, pointer: errorBuffer)
    }

    deinit {
        curl_easy_cleanup(raw)
        errorBuffer.deallocate()
        Self.live.add(-1)
    }

    /// libcurl's own words about the last failure.
    var errorText: String? {
        let text = String(cString: errorBuffer)
        return text.isEmpty ? nil : text
    }

    func clearError() { errorBuffer.pointee = 0 }

    func set(_ option: CURLoption, _ value: Int) throws {
        try check(godwit_curl_setopt_long(raw, option, value))
    }

    func set(_ option: CURLoption, _ value: Bool) throws {
        try check(godwit_curl_setopt_long(raw, option, value ? 1 : 0))
    }

    func set(_ option: CURLoption, large value: Int64) throws {
        try check(godwit_curl_setopt_off(raw, option, curl_off_t(value)))
    }

    func set(_ option: CURLoption, _ value: String?) throws {
        try check(godwit_curl_setopt_string(raw, option, value))
    }

    func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) throws {
        try check(godwit_curl_setopt_pointer(raw, option, pointer))
    }

    func set(_ option: CURLoption, _ function: @escaping godwit_curl_data_function) throws {
        try check(godwit_curl_setopt_data_function(raw, option, function))
    }

    /// Points the handle to PEM text of its material.
    func set(_ option: CURLoption, blob: SecretBytes) throws {
        var value = curl_blob(data: blob.pointer, len: blob.count, flags: UInt32(CURL_BLOB_NOCOPY))
        try check(godwit_curl_setopt_blob(raw, option, &value))
    }

    /// Has libcurl copy a small body.
    func setCopiedBody(_ bytes: [UInt8]) throws {
        try set(CURLOPT_POSTFIELDSIZE_LARGE, large: Int64(bytes.count))
        let code = bytes.withUnsafeBytes { buffer in
            // libcurl takes a null pointer for "no fields", which would make it call the read function.
            guard let base = buffer.baseAddress, !buffer.isEmpty else {
                return godwit_curl_setopt_string(raw, CURLOPT_COPYPOSTFIELDS, "")
            }
            return godwit_curl_setopt_pointer(raw, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: base))
        }
        try check(code)
    }

    func setHeaders(_ list: HeaderList) throws {
        try set(CURLOPT_HTTPHEADER, pointer: list.pointer)
        headers = list
    }

    func setConnectTo(_ list: HeaderList?) throws {
        try set(CURLOPT_CONNECT_TO, pointer: list?.pointer)
        connectTo = list
    }

    func check(_ code: CURLcode) throws {
        guard code == CURLE_OK else {
            throw HTTPTransportError(
                .other(code: Int(code.rawValue)), request: "libcurl option", reason: CurlLibrary.message(code))
        }
    }
}

/// A list of strings in libcurl's form.
final class HeaderList {
    private(set) var pointer: UnsafeMutablePointer<curl_slist>?

    func append(_ line: String) throws {
        guard let longer = curl_slist_append(pointer, line) else {
            throw HTTPTransportError(.other(code: 27), request: "libcurl", reason: "out of memory")
        }
        pointer = longer
    }

    deinit { curl_slist_free_all(pointer) }
}
