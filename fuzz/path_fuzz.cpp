// Any text as an extractor path, walked over a small answer.
#include "connector/path.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fairlead;
  static const json::value answer =
      json::parse(R"({"data":[{"a":{"b":[1,2]}},{"a":null}],"x-y":{"z":3}})");
  if (const auto path = connector::Path::parse({reinterpret_cast<const char*>(data), size}))
    (void)path->find(answer);
  return 0;
}
