public import GodwitModel
import Yams

/// YAML as Kubernetes reads and writes it.
///
/// Reading follows sigs.k8s.io/yaml, which kubectl uses: YAML 1.1 scalars, merge keys, keys turned into strings,
/// documents split at lines that begin with `---`. Unlike it, a key that stands twice is an error.
public enum KubernetesYAML {
    /// What is wrong with a YAML text.
    public struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        /// What is wrong, in words, without any of the text's content.
        public let reason: String
        /// The line in the text, counted from 1; 0 when not known.
        public let line: Int

        /// What is wrong and where.
        public var description: String { line > 0 ? "line \(line): \(reason)" : reason }
    }

    /// All documents of a text; empty ones are left out.
    ///
    /// - Throws: ``Fault`` for the first one that cannot be read.
    public static func parse(_ text: String) throws(Fault) -> [JSONValue] {
        let bytes = Array(text.utf8)
        var values: [JSONValue] = []
        for document in YAMLDocument.split(bytes) {
            if let value = try document.parse(bytes) { values.append(value) }
        }
        return values
    }

    /// A value as a YAML document with sorted keys, ready for version control; it ends with a line end.
    public static func serialize(_ value: JSONValue) -> String {
        var writer = YAMLWriter()
        writer.write(document: value)
        return String(decoding: writer.output, as: UTF8.self)
    }
}

/// One document of a YAML text: where it stands.
struct YAMLDocument: Sendable, Hashable {
    /// The bytes of the document, its `---` line included.
    let range: Range<Int>
    /// Line of the first byte, counted from 1.
    let line: Int

    /// Splits at lines that begin with `---`; documents of nothing but comments and directives are left out.
    static func split(_ bytes: [UInt8]) -> [YAMLDocument] {
        var documents: [YAMLDocument] = []
        var start = 0
        var startLine = 1
        var line = 1
        var hasContent = false
        var lineStart = 0
        func close(at end: Int) {
            if hasContent { documents.append(YAMLDocument(range: start..<end, line: startLine)) }
            start = end
            startLine = line
            hasContent = false
        }
        while lineStart < bytes.count {
            let lineEnd = bytes[lineStart...].firstIndex(of: 0x0A) ?? bytes.count
            let text = bytes[lineStart..<lineEnd]
            let isSeparator = isMarker("---", text)
            if isSeparator { close(at: lineStart) }
            // Whatever follows `---` on its line is content, such as a whole flow mapping.
            let content = isSeparator ? text.dropFirst(3) : text
            let first = content.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }
            if let first, first != UInt8(ascii: "#"), !(first == UInt8(ascii: "%") && content.startIndex == lineStart),
                !isMarker("...", text)
            {
                hasContent = true
            }
            lineStart = lineEnd + 1
            line += 1
        }
        close(at: bytes.count)
        return documents
    }

    /// Whether a line is a marker, alone or with something behind a blank; `....` is text.
    private static func isMarker(_ marker: String, _ line: ArraySlice<UInt8>) -> Bool {
        guard line.starts(with: marker.utf8) else { return false }
        guard let next = line.dropFirst(3).first else { return true }
        return next == 0x20 || next == 0x09 || next == 0x0D
    }

    /// Reads the document; nil when it is empty.
    func parse(_ bytes: [UInt8]) throws(KubernetesYAML.Fault) -> JSONValue? {
        guard let text = String(validating: bytes[range], as: UTF8.self) else {
            throw KubernetesYAML.Fault(reason: "not UTF-8", line: line)
        }
        do {
            let parser = try Parser(yaml: text, resolver: YAMLReader.resolver, encoding: .utf8)
            guard let root = try parser.nextRoot() else { return nil }
            var reader = YAMLReader(text, firstLine: line)
            let value = try reader.value(root, depth: 0)
            return value.isNull ? nil : value
        } catch let fault as KubernetesYAML.Fault {
            throw fault
        } catch {
            throw YAMLReader.fault(error, firstLine: line)
        }
    }
}
