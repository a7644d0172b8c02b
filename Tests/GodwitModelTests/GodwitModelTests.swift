// GodwitModelTests
