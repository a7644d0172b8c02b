import CLibCurl
import Glibc

extension HTTPTransportError {
    /// What libcurl's code means for a caller.
    init(_ code: CURLcode, handle: EasyHandle, request: String) {
        let text = handle.errorText
        let kind = Self.kind(code, text: text, systemError: handle.systemError)
        self.init(kind, request: request, reason: text ?? CurlLibrary.message(code))
    }

    private static func kind(_ code: CURLcode, text: String?, systemError: Int32) -> Kind {
        switch code {
        case CURLE_URL_MALFORMAT: .invalidURL
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .nameResolution
        case CURLE_COULDNT_CONNECT, CURLE_PROXY: .connect
        case CURLE_OPERATION_TIMEDOUT: .timeout
        case CURLE_TOO_MANY_REDIRECTS: .redirects
        case CURLE_SSL_CERTPROBLEM, CURLE_SSL_CLIENTCERT: .clientCertificate
        case CURLE_SSL_CONNECT_ERROR: handshakeKind(text, systemError)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CIPHER,
            CURLE_SSL_CRL_BADFILE, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_USE_SSL_FAILED:
            .tls
        // With TLS 1.3 a server's verdict on the client's certificate comes after the handshake.
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR:
            breakKind(text)
        case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_SEND_FAIL_REWIND, CURLE_HTTP2_STREAM: .interrupted
        // Mostly a server that said GOAWAY while requests were on their way.
        case CURLE_HTTP2: .interrupted
        // CURLE_UNSUPPORTED_PROTOCOL: the scheme has been checked before, so this is a status line that is none.
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING:
            .protocolViolation
        // A header line beyond libcurl's limit of 100 KiB.
        case CURLE_OUT_OF_MEMORY: .protocolViolation
        default: .other(code: Int(code.rawValue))
        }
    }

    /// A connection that breaks during the handshake is no verdict on certificates.
    private static func handshakeKind(_ text: String?, _ systemError: Int32) -> Kind {
        if isCertificateAlert(text) { return .clientCertificate }
        let broken =
            [ECONNRESET, EPIPE, ETIMEDOUT].contains(systemError) || text?.contains("SSL_ERROR_SYSCALL") == true
        return broken ? .interrupted : .tls
    }

    private static func isCertificateAlert(_ text: String?) -> Bool {
        guard let text else { return false }
        return ["alert certificate required", "alert bad certificate", "alert unknown ca", "alert certificate expired"]
            .contains { text.contains($0) }
    }

    /// libcurl has one code for a broken connection and for things it tells apart in words only.
    private static func breakKind(_ text: String?) -> Kind {
        guard let text else { return .interrupted }
        if isCertificateAlert(text) { return .clientCertificate }
        if text.contains("CONNECT tunnel failed") { return .connect }
        return text.contains("response header") ? .protocolViolation : .interrupted
    }
}

extension EasyHandle {
    /// errno of the last failed connect or handshake, or 0.
    var systemError: Int32 {
        var value = 0
        return godwit_curl_getinfo_long(raw, CURLINFO_OS_ERRNO, &value) == CURLE_OK
            ? Int32(truncatingIfNeeded: value) : 0
    }
}
