// StreamsTests
