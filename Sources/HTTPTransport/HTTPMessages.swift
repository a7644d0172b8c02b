public import Streams

/// An HTTP request.
public struct HTTPRequest: Sendable {
    /// The method, upper-case.
    public var method: String
    /// The absolute URL, percent-encoded as it goes on the wire.
    public var url: String
    /// The header fields, in order.
    public var headers: HTTPHeaders
    /// The body.
    public var body: HTTPBody
    /// Timeouts other than the client's.
    public var timeouts: HTTPTimeouts?

    /// A request.
    public init(
        _ method: String, _ url: String, headers: HTTPHeaders = [:], body: HTTPBody = .none,
        timeouts: HTTPTimeouts? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeouts = timeouts
    }
}

/// The body of a request.
public enum HTTPBody: Sendable {
    /// No body.
    case none
    /// Bytes at hand.
    case bytes([UInt8])
    /// Bytes that arrive, of known length, or chunked (HTTP/1.1) when the length is nil.
    case stream(ByteStream, length: Int64?)
}

/// The head of a response, and its body to come.
public struct HTTPResponse: Sendable {
    /// The status code.
    public let status: Int
    /// The header fields.
    public let headers: HTTPHeaders
    /// 1 for HTTP/1.0 and 1.1, 2 for HTTP/2.
    public let majorVersion: Int
    /// The body. It must be read to the end or dropped; a transfer waits while nobody reads (back-pressure), and is
    /// aborted when the last copy of the response's body is gone.
    public let body: ByteStream

    /// A response.
    public init(status: Int, headers: HTTPHeaders, majorVersion: Int, body: ByteStream) {
        self.status = status
        self.headers = headers
        self.majorVersion = majorVersion
        self.body = body
    }
}

/// Header fields in order; names compare without case.
public struct HTTPHeaders: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// The fields as they were added.
    public private(set) var fields: [Field] = []

    /// One field.
    public struct Field: Sendable, Hashable {
        /// The name as written.
        public let name: String
        /// The value without white space around it.
        public let value: String
    }

    /// Fields by name and value.
    public init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }

    /// The first value of a field. Setting replaces all of that name; setting nil removes them.
    public subscript(name: String) -> String? {
        get { fields.first { Self.same($0.name, name) }?.value }
        set {
            fields.removeAll { Self.same($0.name, name) }
            if let newValue { add(name, newValue) }
        }
    }

    /// All values of a field.
    public func values(_ name: String) -> [String] {
        fields.filter { Self.same($0.name, name) }.map(\.value)
    }

    /// Adds a field, beside others of the same name.
    public mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// Changes the value of the field that was added last, for a value that goes on in the next line.
    mutating func replaceLastValue(with value: String) {
        guard let last = fields.popLast() else { return }
        fields.append(Field(name: last.name, value: value))
    }

    private static func same(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count
            && zip(left.utf8, right.utf8).allSatisfy { lowercased($0) == lowercased($1) }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
