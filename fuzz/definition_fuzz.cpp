// Any text as a connector definition: refused or loaded, never a crash, a hang or unbounded memory.
#include "connector/definition.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto definition = fairlead::connector::load_definition(text))
    (void)(*definition)->find("issues", "list");
  return 0;
}
