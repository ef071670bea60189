# The one declaration that `-> stream` needs. The two ids are fixed by Cap'n Proto: a streaming
# method is a method whose result type has the second one.
@0x86c366a91393f3f8;

struct StreamResult @0x995f9a3377c0b16e {}
