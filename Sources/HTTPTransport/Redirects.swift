import CLibCurl
import Streams

extension CurlClient {
    /// A redirect's own body is read up to this size, to keep the connection.
    private static let redirectBodyLimit = 64 * 1024

    /// Sends a GET or HEAD and goes where the answers say. One total timeout holds for the whole way.
    func sendFollowingRedirects(_ request: HTTPRequest) async throws -> HTTPResponse {
        let timeouts = request.timeouts ?? configuration.timeouts
        let start = ContinuousClock.now
        var current = request
        for _ in 0...configuration.maximumRedirects {
            var limits = timeouts
            limits.total = timeouts.total.map { max(.zero, $0 - (ContinuousClock.now - start)) }
            current.timeouts = limits
            let response = try await sendOnce(current)
            guard [301, 302, 303, 307, 308].contains(response.status), let target = response.headers["Location"] else {
                return response
            }
            current = try redirected(current, to: target)
            try await drain(response.body)
        }
        throw RequestLabel(request).error(.redirects, "more than \(configuration.maximumRedirects)")
    }

    private func redirected(_ request: HTTPRequest, to target: String) throws -> HTTPRequest {
        let label = RequestLabel(request)
        guard let url = CurlURL(request.url) else { throw label.error(.invalidURL, "libcurl does not understand it") }
        let origin = url.origin
        guard url.set(CURLUPART_URL, target), ["http", "https"].contains(url.scheme), let text = url.text else {
            throw label.error(.protocolViolation, "the redirect leads to something that is not an HTTP address")
        }
        var next = request
        next.url = text
        if url.origin != origin { next.headers = Self.harmless(request.headers) }
        return next
    }

    /// Fields that may be shown to another host. What is not known not to be a credential may be one.
    private static func harmless(_ headers: HTTPHeaders) -> HTTPHeaders {
        let names = [
            "accept", "accept-encoding", "accept-language", "cache-control", "if-none-match", "range", "user-agent",
        ]
        var kept: HTTPHeaders = [:]
        for field in headers.fields where names.contains(field.name.lowercased()) { kept.add(field.name, field.value) }
        return kept
    }

    private func drain(_ body: ByteStream) async throws {
        var count = 0
        for try await piece in body {
            count += piece.count
            if count > Self.redirectBodyLimit { return }
        }
    }
}
