import Foundation

/// The shell commands of a Markdown document, as a reader would run them one after the other.
public struct ShellDocument {
    /// A fenced block: ` ```sh ` and a tag.
    public struct Block {
        /// What follows `sh` in the fence; empty for what everybody runs.
        public let tag: String
        /// The commands.
        public let text: String
        /// Where it begins.
        public let line: Int
    }

    /// All blocks in their order.
    public let blocks: [Block]

    /// Reads a document of the checkout.
    public init(_ path: String) throws {
        let text = try String(contentsOfFile: Checkout.path(path), encoding: .utf8)
        var blocks: [Block] = []
        var open: (tag: String, lines: [Substring], line: Int)?
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if let block = open {
                if line == "```" {
                    blocks.append(Block(tag: block.tag, text: block.lines.joined(separator: "\n"), line: block.line))
                    open = nil
                } else {
                    open?.lines.append(line)
                }
            } else if line.hasPrefix("```sh") {
                let tag = line.dropFirst(5).trimmingCharacters(in: .whitespaces)
                open = (tag: tag, lines: [], line: number + 1)
            }
        }
        self.blocks = blocks
    }

    /// The blocks of some tags as one script that says where it is.
    public func script(_ tags: Set<String>) -> String {
        blocks.filter { tags.contains($0.tag) }.map { "echo '# line \($0.line)'\n\($0.text)" }.joined(separator: "\n")
    }
}
