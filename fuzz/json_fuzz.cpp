// Any bytes as a JSON request body: what is accepted is written and read again as the same value.
#include "base/json.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fairlead;
  const auto value = parse_json({reinterpret_cast<const char*>(data), size});
  if (!value) return 0;
  const auto again = parse_json(json::serialize(*value), {.depth = 64, .number_characters = 4096});
  if (!again || *again != *value) std::abort();
  return 0;
}
