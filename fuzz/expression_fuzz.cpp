// Any text as a template of the expression language, rendered over a small record.
#include "connector/expression.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fairlead;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const json::object names =
      json::parse(
          R"({"record":{"a":{"b":"x y"},"list":[1,2.5,null,true]},"value":"owner/repo","config":{}})")
          .as_object();
  if (const auto parsed = connector::Template::parse(text)) {
    (void)parsed->render(names, connector::Undefined::is_error, Instant{});
    (void)parsed->render(names, connector::Undefined::is_empty, Instant{});
  }
  return 0;
}
