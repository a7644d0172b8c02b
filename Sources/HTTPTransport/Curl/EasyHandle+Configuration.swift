import CLibCurl

extension EasyHandle {
    /// Bytes that libcurl reads from a socket at once (HTTP/1.1) and collects for one stream (HTTP/2).
    ///
    /// A handle in the pool may keep its buffer.
    static let receiveBufferSize = 128 * 1024
    /// Bytes that libcurl asks the read function for at once.
    static let sendBufferSize = 256 * 1024

    /// Sets everything that is the same for all requests of a client.
    func apply(_ configuration: HTTPConfiguration) throws {
        try set(CURLOPT_NOSIGNAL, true)
        // A name that is still being looked up must not hold up the thread when its transfer ends.
        try set(CURLOPT_QUICK_EXIT, true)
        try set(CURLOPT_PROTOCOLS_STR, "http,https")
        try set(CURLOPT_PATH_AS_IS, true)
        try set(CURLOPT_FOLLOWLOCATION, false)
        try set(CURLOPT_HTTP_CONTENT_DECODING, false)
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, true)
        try set(CURLOPT_USERAGENT, configuration.userAgent)
        try set(CURLOPT_BUFFERSIZE, Self.receiveBufferSize)
        try set(CURLOPT_UPLOAD_BUFFERSIZE, Self.sendBufferSize)
        // A watch may be silent for hours; a peer that vanished is noticed all the same.
        try set(CURLOPT_TCP_KEEPALIVE, true)
        try set(CURLOPT_TCP_KEEPIDLE, 30)
        try set(CURLOPT_TCP_KEEPINTVL, 15)
        try apply(configuration.tls, material: material)
        try apply(configuration.proxy)
    }

    private func apply(_ tls: TLSConfiguration, material: TLSMaterial) throws {
        try set(CURLOPT_SSLVERSION, 6)  // CURL_SSLVERSION_TLSv1_2, and above
        try applyAuthority(tls.certificateAuthority, material: material)
        if let certificate = tls.clientCertificate {
            try apply(
                certificate, blob: material.clientCertificate, file: CURLOPT_SSLCERT, data: CURLOPT_SSLCERT_BLOB)
        }
        if let key = tls.clientKey {
            try apply(key, blob: material.clientKey, file: CURLOPT_SSLKEY, data: CURLOPT_SSLKEY_BLOB)
        }
        if tls.isInsecure {
            for option in [CURLOPT_SSL_VERIFYPEER, CURLOPT_SSL_VERIFYHOST] { try set(option, false) }
            for option in [CURLOPT_PROXY_SSL_VERIFYPEER, CURLOPT_PROXY_SSL_VERIFYHOST] { try set(option, false) }
        }
    }

    /// Trusts the given authorities and no others: libcurl would go on to trust the system's directory. An HTTPS proxy
    /// is verified the same way, as client-go does.
    private func applyAuthority(_ source: TLSConfiguration.Source?, material: TLSMaterial) throws {
        guard let source else { return }
        for option in [CURLOPT_CAPATH, CURLOPT_CAINFO, CURLOPT_PROXY_CAPATH, CURLOPT_PROXY_CAINFO] {
            try set(option, nil as String?)
        }
        let blob = material.certificateAuthority
        try apply(source, blob: blob, file: CURLOPT_CAINFO, data: CURLOPT_CAINFO_BLOB)
        try apply(source, blob: blob, file: CURLOPT_PROXY_CAINFO, data: CURLOPT_PROXY_CAINFO_BLOB)
    }

    private func apply(
        _ source: TLSConfiguration.Source, blob: SecretBytes?, file: CURLoption, data: CURLoption
    ) throws {
        switch source {
        case .file(let path): try set(file, path)
        case .data: if let blob { try set(data, blob: blob) }
        }
    }

    func apply(_ proxy: ProxyConfiguration?) throws {
        switch proxy {
        case nil: break
        case .some(.none): try set(CURLOPT_PROXY, "")
        case .url(let url, let bypass):
            try set(CURLOPT_PROXY, url)
            // Without a list of our own libcurl would take the environment's.
            try set(CURLOPT_NOPROXY, bypass ?? "")
        }
    }
}
