// TransformerTests
